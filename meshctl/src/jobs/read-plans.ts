/**
 * What `submit-job` is asked to run: one job of a module, or the jobs that a CCL program asks for
 * when it is evaluated here.
 */
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Compiled } from '@planetary-mesh/ccl-compiler'
import { evaluate } from '@planetary-mesh/runtime'
import {
  type ChoiceRule,
  type EncodedFile,
  encodeFile,
  type JobRequest,
  LIMITS,
  Refusal,
} from '@planetary-mesh/spec'
import { readText } from '../ccl/read-text.ts'
import { UsageError } from '../cli/errors.ts'
import { note, printable } from '../cli/terminal.ts'
import { type Beside, readBeside } from './job-files.ts'
import { inputsOf, type JobOptions, type JobPlan, planOfModule, planOfRequest } from './plan.ts'

export type PlanOptions = JobOptions & { wasm?: string; ccl?: string }

export type Plans = {
  plans: readonly JobPlan[]
  /** The compiled program that asked for them. */
  program: EncodedFile | null
  /** Files of this machine that have a CID which the program names. */
  beside: Beside
}

/** Fuel of evaluating a CCL program: far more than any job document needs. */
const PROGRAM_FUEL = 10_000_000

/** What a program says itself. */
const OF_THE_PROGRAM = [
  'description',
  'resourceAmount',
  'arg',
  'env',
  'stdin',
  'priority',
  'scope',
  'resourceType',
  'minMemory',
  'minCpu',
  'deadline',
  'maxBid',
] as const

/**
 * Wrong words are a usage error, and so is a text that does not compile. Refuses PROGRAM_FAILED,
 * BLOCK_CID_MISMATCH a file that is not the one the program names, and as reading files does.
 */
export async function readPlans(options: PlanOptions): Promise<Plans> {
  const { wasm, ccl } = options
  if (ccl === undefined) {
    if (wasm === undefined) throw new UsageError('nothing to run', 'give --wasm FILE or --ccl FILE')
    return { plans: [planOfModule(wasm, options)], program: null, beside: new Map() }
  }
  const taken = OF_THE_PROGRAM.find((name) => options[name] !== undefined)
  if (taken !== undefined) {
    const flag = taken.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw new UsageError(`--${flag} and --ccl do not go together`, 'say it in the program')
  }
  return plansOfProgram(ccl, options)
}

async function plansOfProgram(path: string, options: PlanOptions): Promise<Plans> {
  const { wasm, requests, rule } = await compileFile(path)
  const beside = new Map<string, { file: EncodedFile; bytes: Uint8Array }>()
  const modules = new Set(requests.map((request) => request.wasm_cid))
  if (options.wasm !== undefined) {
    const [cid, found] = await readOne(options.wasm, LIMITS.moduleBytesMax)
    ensureNamed(options.wasm, cid, modules)
    beside.set(cid, found)
  }
  const inputs = inputsOf(options.input ?? [])
  for (const { name, source } of inputs) {
    if (!('path' in source)) continue
    const [cid, found] = await readOne(source.path, LIMITS.inputBytesMax)
    const named = requests.flatMap((request) => request.inputs?.[name] ?? [])
    if (named.length > 0) ensureNamed(source.path, cid, new Set(named))
    beside.set(cid, found)
  }
  const [, another] = requests
  const strange = inputs.find(({ name }) =>
    requests.every((one) => one.inputs?.[name] === undefined),
  )
  if (another !== undefined && strange !== undefined) {
    throw new UsageError(
      `the program submits ${requests.length} jobs, and none names the input '${strange.name}'`,
      'name it in the program',
    )
  }
  await addModulesBeside(path, modules, beside)
  const auto = options.auto === true
  const plans = requests.map((request) => planOfRequest(request, { inputs, auto, rule }))
  return { plans, program: encodeFile(wasm), beside }
}

async function readOne(path: string, bytesMax: number) {
  const [entry] = await readBeside(path, bytesMax)
  if (entry === undefined) throw new TypeError(`nothing was read from ${path}`)
  return entry
}

function ensureNamed(path: string, cid: string, named: ReadonlySet<string>): void {
  if (named.has(cid)) return
  const wanted = [...named].join(' or ')
  throw new Refusal('BLOCK_CID_MISMATCH', `${path} is ${cid}, the program names ${wanted}`)
}

type Program = { wasm: Uint8Array; requests: JobRequest[]; rule: ChoiceRule | null }

/** The program of the text, and what it asks for as it runs: not what the compiler foresaw. */
async function compileFile(path: string): Promise<Program> {
  // a module is submitted without a compiler
  const { compile, formatDiagnostics } = await import('@planetary-mesh/ccl-compiler')
  const { importsBeside } = await import('@planetary-mesh/ccl-compiler/cli')
  const text = await readText(path)
  const built = compile(text, { file: path, ...(await importsBeside(path, text)) })
  if (!built.ok) throw new UsageError(formatDiagnostics(built.diagnostics, text).trimEnd())
  note(formatDiagnostics(built.diagnostics, text))
  ensureCarriedOut(path, built)
  const requests = evaluate(built.wasm, { fuelMax: PROGRAM_FUEL })
  if (requests.length === 0) throw new UsageError(`${path} submits no job`)
  return { wasm: built.wasm, requests, rule: choiceOf(path, built) }
}

/** Of what a document asks for beside jobs the mesh writes down `log`, and nothing else. */
function ensureCarriedOut(path: string, { effects }: Compiled): void {
  const beyond = effects.find(({ action }) => action !== 'log')
  if (beyond !== undefined) {
    const detail = `${path} asks for ${beyond.action}, which no mesh carries out yet`
    throw new Refusal('EFFECT_UNSUPPORTED', detail)
  }
  for (const { args } of effects) note(`${path}: ${printable(String(args.message))}\n`)
}

/** The one selection of the program that scores bids; weights come with each request. */
function choiceOf(path: string, { units, requests }: Compiled): ChoiceRule | null {
  const [selection, another] = units.filter(({ program }) => program.kind === 'selection')
  if (selection === undefined) return null
  if (another !== undefined || requests.some(({ selection }) => selection !== undefined)) {
    throw new UsageError(`${path} has more than one selection`, 'leave the one that is to choose')
  }
  return { module: selection.wasm }
}

/** The `.wasm` files in the folder of the program that it names by CID. */
async function addModulesBeside(
  program: string,
  modules: ReadonlySet<string>,
  beside: Map<string, { file: EncodedFile; bytes: Uint8Array }>,
): Promise<void> {
  if (program === '-' || [...modules].every((cid) => beside.has(cid))) return
  const folder = dirname(program)
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.wasm')).sort()) {
    const found = await readOne(join(folder, name), LIMITS.moduleBytesMax).catch(() => undefined)
    if (found !== undefined && modules.has(found[0])) beside.set(...found)
  }
}
