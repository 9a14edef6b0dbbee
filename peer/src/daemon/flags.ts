/**
 * The command line of a daemon. Everything a configuration says can be said by a flag, which then
 * counts; a flag that may be given several times replaces the whole list.
 */
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError, checkConfig, type DaemonConfig, readToml } from './config.ts'
import { configFileOf } from './folder.ts'
import { hasFile } from './write-file.ts'

type Kind = 'text' | 'number' | 'list'

/** Each flag with its place in the configuration. */
const SETTINGS: Record<string, { at: readonly [string] | readonly [string, string]; kind: Kind }> =
  {
    name: { at: ['name'], kind: 'text' },
    role: { at: ['roles'], kind: 'list' },
    genesis: { at: ['genesis'], kind: 'text' },
    writer: { at: ['writer'], kind: 'text' },
    listen: { at: ['listen'], kind: 'list' },
    announce: { at: ['announce'], kind: 'list' },
    bootstrap: { at: ['bootstrap'], kind: 'list' },
    'control-port': { at: ['control', 'port'], kind: 'number' },
    slots: { at: ['limits', 'slots'], kind: 'number' },
    'memory-mib': { at: ['limits', 'memory_mib'], kind: 'number' },
    cores: { at: ['limits', 'cores'], kind: 'number' },
    hours: { at: ['limits', 'hours'], kind: 'text' },
    scope: { at: ['limits', 'scopes'], kind: 'list' },
    'storage-max-mib': { at: ['limits', 'storage_max_mib'], kind: 'number' },
    'price-ppm': { at: ['price', 'ppm'], kind: 'number' },
    'fuel-per-ms': { at: ['price', 'fuel_per_ms'], kind: 'number' },
    location: { at: ['price', 'location'], kind: 'text' },
    'log-level': { at: ['log', 'level'], kind: 'text' },
  }

const OTHERS = {
  config: { type: 'string' },
  folder: { type: 'string' },
  'parent-pid': { type: 'string' },
  'kill-at': { type: 'string' },
  'kill-points': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

export type Flags = {
  show: 'help' | 'version' | 'kill-points' | undefined
  config: string | undefined
  folder: string | undefined
  parentPid: number | undefined
  killAt: string | undefined
  /** By the place in the configuration. */
  settings: { at: readonly string[]; value: unknown }[]
  /** Flags that only this program knows, and that were given. */
  own: readonly string[]
}

/** `own` are switches of one program. Throws ConfigError. */
export function parseFlags(args: readonly string[], own: readonly string[] = []): Flags {
  const options: Record<string, { type: 'string' | 'boolean'; multiple?: boolean }> = { ...OTHERS }
  for (const [name, { kind }] of Object.entries(SETTINGS)) {
    options[name] = { type: 'string', multiple: kind === 'list' }
  }
  for (const name of own) options[name] = { type: 'boolean' }
  const values = parsed(args, options)
  const text = (name: string) => values[name] as string | undefined
  const shown = (['help', 'version', 'kill-points'] as const).find((name) => values[name] === true)
  const parent = text('parent-pid')
  return {
    show: shown,
    config: text('config'),
    folder: text('folder'),
    parentPid: parent === undefined ? undefined : numberOf('parent-pid', parent),
    killAt: text('kill-at'),
    settings: Object.entries(SETTINGS).flatMap(([name, { at, kind }]) => {
      const value = values[name]
      if (value === undefined) return []
      return [{ at, value: kind === 'number' ? numberOf(name, String(value)) : value }]
    }),
    own: own.filter((name) => values[name] === true),
  }
}

function parsed(args: readonly string[], options: NonNullable<Parsing['options']>) {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values
  } catch (error) {
    // node:util throws TypeErrors whose first sentence says which flag it was
    if (!(error instanceof TypeError)) throw error
    const [sentence = ''] = error.message.split('. ')
    throw new ConfigError(sentence, '--help shows what there is')
  }
}
type Parsing = Parameters<typeof parseArgs>[0] & object

function numberOf(name: string, text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new ConfigError(`--${name}: expected a whole number, here is '${text}'`, 'give a number')
}

/** The folder and what it is configured to, with the flags over the file. Throws ConfigError. */
export async function configure(flags: Flags): Promise<{ folder: string; config: DaemonConfig }> {
  const named = flags.config
  const folder = flags.folder ?? (named === undefined ? undefined : dirname(named))
  if (folder === undefined) {
    throw new ConfigError('no state folder is named', 'give --config FILE or --folder FOLDER')
  }
  const file = named ?? configFileOf(folder)
  const hasTables = named !== undefined || (await hasFile(file))
  const tables = hasTables ? await readToml(file) : {}
  for (const { at, value } of flags.settings) set(tables, at, value)
  return { folder: resolve(folder), config: checkConfig(tables, hasTables ? file : 'the flags') }
}

function set(
  tables: Record<string, unknown>,
  [first = '', second]: readonly string[],
  to: unknown,
) {
  if (second === undefined) {
    tables[first] = to
    return
  }
  const table = tables[first]
  tables[first] = { ...Object(table), [second]: to }
}

export const FLAGS_HELP = `\
  --config FILE            the configuration; its folder is the state folder
  --folder FOLDER          the state folder, where it is another
  --parent-pid PID         end when the process that started this one is no longer PID
  --kill-at, --kill-points a test switch: see --kill-points
  --help, --version

Each of these counts in place of what the configuration says:
${Object.entries(SETTINGS)
  .map(([name, { at, kind }]) => {
    const flag = `--${name} ${kind === 'number' ? 'N' : kind === 'list' ? 'VALUE …' : 'VALUE'}`
    return `  ${flag.padEnd(25)}${at.join('.')}\n`
  })
  .join('')}`
