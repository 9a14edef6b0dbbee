/** How the command ends: 1 deny, failed test or advice; 2 usage or a wrong text; 70 our fault. */
export const EXIT = { done: 0, negative: 1, usage: 2, fault: 70 } as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

/** The command line is wrong, or a file it names: nothing was tried. `next` says what is right. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly next: string | undefined

  constructor(detail: string, next?: string) {
    super(detail)
    this.next = next
  }
}
