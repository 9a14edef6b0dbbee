/** The borders of a run's input: checked before anything is sent to a slot, and again inside it. */
import { admit, LIMITS, type RunInput } from '@planetary-mesh/spec/bare'

const SEED_BYTES = 32

/** Refuses with LIMIT_EXCEEDED what is larger, longer or more than any job may ask. */
export function ensureInput(input: RunInput): void {
  const { args, env, files, limits, stdin } = input
  atMost(input.module.length, LIMITS.moduleBytesMax, 'bytes of module')
  atMost(args.length, LIMITS.argsMax, 'arguments')
  atMost(env.length, LIMITS.argsMax, 'environment variables')
  for (const argument of args) ensureText(argument, 'argument')
  for (const [name, value] of env) {
    ensureText(name, 'variable name')
    ensureText(value, 'variable')
    admit(!name.includes('=') && name !== '', 'LIMIT_EXCEEDED', `'${name}' is no variable name`)
  }
  atMost(files.length, LIMITS.guestNodesMax, 'files')
  for (const { path } of files) {
    atMost(Buffer.byteLength(path), LIMITS.pathBytesMax, 'bytes of one path')
  }
  const fileBytes = files.reduce((sum, file) => sum + file.bytes.length, stdin.length)
  atMost(fileBytes, LIMITS.inputBytesMax, 'bytes of input')
  atMost(limits.fuelMax, LIMITS.fuelMax, 'fuel')
  atMost(input.cancelAtFuel ?? 0, LIMITS.fuelMax, 'fuel to cancel at')
  atMost(limits.memoryPagesMax, LIMITS.memoryPagesMax, 'pages of memory')
  atMost(limits.outputBytesMax, LIMITS.outputBytesMax, 'bytes of output')
  atMost(limits.wallMs, LIMITS.wallMsMax, 'milliseconds')
  atMost(input.clockMs, LIMITS.amountMax, 'milliseconds since 1970')
  admit(input.seed.length === SEED_BYTES, 'LIMIT_EXCEEDED', `a seed has ${SEED_BYTES} bytes`)
}

function atMost(value: number, max: number, what: string): void {
  admit(
    Number.isSafeInteger(value) && value >= 0 && value <= max,
    'LIMIT_EXCEEDED',
    `${value} ${what}, at most ${max}`,
  )
}

function ensureText(text: string, what: string): void {
  atMost(Buffer.byteLength(text), LIMITS.argBytesMax, `bytes of one ${what}`)
  admit(
    text.isWellFormed() && !text.includes('\0'),
    'LIMIT_EXCEEDED',
    `a NUL or a lone surrogate in a ${what}`,
  )
}
