/**
 * `npm run bench [-- NAME…] [--json] [--quick] [--profile FOLDER]`: how fast it is, as ratios to
 * something known that ran in the same minute. docs/benchmarks.md says what each number means.
 */
import { parseArgs } from 'node:util'
import { benchBigInput } from './big-input.ts'
import { benchCcl } from './ccl.ts'
import { benchChain } from './chain.ts'
import { benchDaemons } from './daemons.ts'
import { type Effort, FULL, QUICK, type Row } from './measure.ts'
import { benchMesh } from './mesh.ts'
import { benchMetering } from './metering.ts'
import { rowText, settingsText } from './print.ts'
import { profilesText } from './profile.ts'
import { benchRecords } from './records.ts'
import { benchRuntime } from './runtime.ts'
import { settingsOf } from './settings.ts'

type Bench = (effort: Effort, profileFolder?: string) => Promise<Row[]>

const BENCHES = new Map<string, Bench>([
  ['records', benchRecords],
  ['chain', benchChain],
  ['metering', benchMetering],
  ['runtime', benchRuntime],
  ['mesh', benchMesh],
  ['daemons', benchDaemons],
  ['big-input', benchBigInput],
  ['ccl', benchCcl],
])
/** What a bench is read together with. */
const WITH = new Map([['runtime', ['metering']]])
const USAGE = `Usage: npm run bench [-- NAME…] [--json] [--quick] [--profile FOLDER]
  NAME     ${[...BENCHES.keys()].join(', ')}; all of them if none is named
  --json   one object {settings, rows} instead of a table
  --quick  tiny settings, to see that it works: the numbers mean little
  --profile FOLDER  where one node and one verifier of daemons leave a profile, which is summed up
Example: npm run --silent bench -- records chain --json
`

const options = readOptions()
if (options !== undefined) await run(options)

type Options = { names: string[]; json: boolean; quick: boolean; profile: string | undefined }

/** Undefined when there is nothing to run: help was asked for, or the arguments make no sense. */
function readOptions(): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        profile: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(USAGE)
      return undefined
    }
    const unknown = positionals.filter((name) => !BENCHES.has(name))
    if (unknown.length > 0) throw new TypeError(`no bench is called ${unknown.join(', ')}`)
    const asked = positionals.length === 0 ? [...BENCHES.keys()] : positionals
    const names = [...new Set(asked.flatMap((name) => [name, ...(WITH.get(name) ?? [])]))]
    return { names, json: values.json, quick: values.quick, profile: values.profile }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${USAGE}`)
    process.exitCode = 2
    return undefined
  }
}

async function run({ names, json, quick, profile }: Options): Promise<void> {
  const effort = quick ? QUICK : FULL
  const settings = settingsOf(effort, quick)
  if (!json) process.stdout.write(settingsText(settings))
  const rows: Row[] = []
  for (const name of names) {
    const found = (await BENCHES.get(name)?.(effort, profile)) ?? []
    rows.push(...found)
    if (!json) process.stdout.write(found.map(rowText).join(''))
  }
  if (json) process.stdout.write(`${JSON.stringify({ settings, rows }, null, 2)}\n`)
  else if (profile !== undefined) process.stdout.write(profilesText(profile))
}
