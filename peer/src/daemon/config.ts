/**
 * What the owner of a process sets, as `config.toml` in its state folder says it. Every key is
 * known by name; what is left out has a default; what is wrong is told with its place.
 */
import { readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import { Capacity, DidText, LIMITS, Member, parseCid } from '@planetary-mesh/spec'
import { parse, stringify, TomlError } from 'smol-toml'
import { z } from 'zod'
import { parseHours } from './hours.ts'
import { isMissing, writeWhole } from './write-file.ts'

const MIB = 1024 * 1024

export const ROLE_NAMES = ['home', 'executor', 'ledger', 'witness', 'verifier'] as const
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

const CidText = z.string().refine(isCidText, 'expected a CID')
const Address = z.string().refine(isAddress, 'expected a multiaddr such as /ip4/127.0.0.1/tcp/4801')
const Hours = z.string().refine((value) => parseHours(value) !== undefined, {
  error: 'expected hours of a day such as "22:00-06:00"',
})
const Ms = z
  .int()
  .min(1)
  .max(24 * 60 * 60_000)

/** The shape of the file; keys are as they stand in it. */
export const DaemonConfig = z.strictObject({
  /** As in the charter. */
  name: Member.shape.name,
  roles: z.array(z.enum(ROLE_NAMES)).min(1),
  /** The pinned genesis charter, and the log writer it names. */
  genesis: CidText,
  writer: DidText,
  /** Where to listen. Loopback unless said otherwise; port 0 is any free one. */
  listen: z.array(Address).default(['/ip4/127.0.0.1/tcp/0']),
  /** What to tell others instead, where that differs (NAT, names). */
  announce: z.array(Address).default([]),
  /** Members to begin with, best with `/p2p/…`. */
  bootstrap: z.array(Address).default([]),
  control: z.strictObject({ port: z.int().min(0).max(65_535).default(0) }).prefault({}),
  limits: z
    .strictObject({
      /** Jobs side by side. */
      slots: z.int().min(1).max(LIMITS.slotsMax).default(availableParallelism),
      /** Memory for guests together; half of the machine's by default. */
      memory_mib: z
        .int()
        .min(1)
        .default(() => Math.max(1, Math.floor(totalmem() / 2 / MIB))),
      cores: z.int().min(1).max(1024).default(availableParallelism),
      /** When jobs are taken; always if left out. */
      hours: Hours.optional(),
      /** Whose jobs are taken; everybody's if empty. */
      scopes: Capacity.shape.scopes.default([]),
      /** Room for blocks and journal; no end if left out. */
      storage_max_mib: z.int().min(1).optional(),
    })
    .prefault({}),
  price: z
    .strictObject({
      /** The price of a job in ppm of the amount it holds. */
      ppm: z.int().min(0).max(1_000_000).default(1_000_000),
      /** Fuel a millisecond at this machine's slowest: what a promise of time is made from. */
      fuel_per_ms: z.int().min(1).default(1_000_000),
      location: Capacity.shape.location.default(''),
    })
    .prefault({}),
  timing: z
    .strictObject({
      /** How long a home waits for bids, and before it announces a job again. */
      bid_window_ms: Ms.default(LIMITS.bidWindowMs),
      rebid_ms: Ms.default(1000),
      /** What was not answered is sent again after this time. */
      resend_ms: Ms.default(500),
      submit_tries: z.int().min(1).max(1000).default(LIMITS.appendTriesMax),
      /** A job of the log that no home carries on is taken up after this time. */
      adopt_ms: Ms.default(5000),
      bid_valid_ms: Ms.default(60_000),
      /** How often an executor says that it is here; a fifth as often while nothing is new. */
      advert_ms: Ms.default(1000),
      /** How long after a receipt a verifier looks for a file that nobody has. */
      missing_ms: Ms.default(30_000),
      /** How long the log writer keeps a batch open. */
      batch_ms: Ms.default(LIMITS.batchMs),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({}),
})
export type DaemonConfig = z.infer<typeof DaemonConfig>
/** What has to be said; the rest has defaults. */
export type DaemonConfigInput = z.input<typeof DaemonConfig>

/** The configuration is wrong, or the flags: nothing was started. `next` says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly next: string

  constructor(detail: string, next: string) {
    super(detail)
    this.next = next
  }
}

/** Throws ConfigError: no such file, no TOML, an unknown key, a value of another kind. */
export async function readConfig(path: string): Promise<DaemonConfig> {
  return checkConfig(await readToml(path), path)
}

/** The tables of a TOML file, unchecked. Throws ConfigError. */
export async function readToml(path: string): Promise<Record<string, unknown>> {
  try {
    return parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (isMissing(error)) {
      throw new ConfigError(`${path} is not there`, 'give the path of a config.toml with --config')
    }
    if (!(error instanceof TomlError)) throw error
    const [sentence = 'no TOML'] = error.message.split('\n')
    throw new ConfigError(`${path}:${error.line}:${error.column}: ${sentence}`, 'mend the line')
  }
}

/** `source` is named in what is said: a file, or the flags. Throws ConfigError. */
export function checkConfig(value: unknown, source: string): DaemonConfig {
  const result = DaemonConfig.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path.map(String) ?? []
  if (issue?.code === 'unrecognized_keys') {
    const unknown = [...path, issue.keys[0]].join('.')
    const next = `known there are ${knownKeys(path).join(', ')}`
    throw new ConfigError(`${source}: ${unknown}: no such key`, next)
  }
  const found = path.reduce((at: unknown, key) => Object(at)[key], value)
  const came = found === undefined ? 'it is missing' : `here is ${JSON.stringify(found)}`
  const expected = issue?.message.replace(/^(Invalid input|Too \w+|Invalid \w+): /, '')
  throw new ConfigError(
    `${source}: ${path.join('.')}: ${expected}, ${came}`,
    'set it and start again',
  )
}

function knownKeys(path: readonly string[]): string[] {
  const defaults = DaemonConfig.shape
  if (path.length === 0) return Object.keys(defaults)
  const table = defaults[path[0] as 'limits']
  return Object.keys(table.unwrap().shape)
}

/** Writes the file whole, 0600. Throws ConfigError for what could not be read again. */
export async function writeConfig(path: string, config: DaemonConfigInput): Promise<void> {
  checkConfig(config, path)
  await writeWhole(path, stringify(config), { mode: 0o600 })
}

function isCidText(value: string): boolean {
  try {
    return parseCid(value).toString() === value
  } catch {
    return false
  }
}

/** Whether a text is a multiaddr, which is where processes listen and dial. */
export function isAddress(value: string): boolean {
  try {
    return multiaddr(value).getComponents().length > 0
  } catch {
    return false
  }
}
