/** What the options of several commands have in common. */

/** For options that may be given several times: all of them, in order. */
export const collected = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  value,
]

/** The example that stands under every `--help`. */
export const example = (command: string) => `\nExample:\n  $ npx ${command}\n`
