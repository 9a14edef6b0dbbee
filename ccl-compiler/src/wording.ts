/** What is said about a mistake: what is wrong, and what would be right. */
export type Wording = { message: string; help: string }

export const say = (message: string, help: string): Wording => ({ message, help })
