/** Exit codes: 1 refusal or negative verdict, 2 usage or text that does not compile, 70 fault. */
export const EXIT = { done: 0, refused: 1, usage: 2, fault: 70 } as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]
