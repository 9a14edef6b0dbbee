/**
 * The main job, from CCL text to a verified receipt. Nothing is printed as true that was not read
 * from a verified record: the steps are what the job's home says, the two marks are those of
 * `verifyChain` over blocks that the executor did not serve.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { compile, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
import { evaluate } from '@planetary-mesh/runtime'
import { type CID, encodeFile, type JobRequest, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { type CleanUp, interruptible } from '../cli/interrupt.ts'
import { print as toStdout } from '../cli/terminal.ts'
import { openSandboxIn } from '../cli/with-sandbox.ts'
import { isVerified } from '../proof/proof-json.ts'
import { pinFile } from '../proof/read-proof.ts'
import { type Example, filesByCid, findExample } from './find-example.ts'
import { follow } from './follow.ts'
import { type LocalMesh, openLocalMesh, type ReplaceRoles } from './local-mesh.ts'
import { foundFederation, issueToken, openCast, person } from './people.ts'
import { proveDemo, type Tamper } from './prove-demo.ts'
import { cidsOf, scopeOf, sealHold, sealManifest } from './submission.ts'
import { openTale } from './tale.ts'

export type DemoOptions = {
  /** Where the CAR file goes; by default into a new temporary folder. */
  out?: string | undefined
  json?: boolean | undefined
  /** A folder with a `job.ccl`. */
  example?: string | undefined
  print?: (text: string) => void
  /** For tests: what the demo must not let pass. */
  faults?: { replaceRoles?: ReplaceRoles; tamper?: Tamper }
}

const HOME_NODE = 'mesh-node-1'
/** Fuel of evaluating a CCL program: far more than any job document needs. */
const PROGRAM_FUEL = 10_000_000
const SLOTS = 2

/** Runs the demo; 0 only if the receipt is anchored and verified. Refusals are thrown. */
export function runDemo(options: DemoOptions = {}): Promise<Exit> {
  return interruptible(async (cleanUps, signal) => {
    const home = await mkdtemp(join(tmpdir(), 'planetary-mesh-demo-'))
    const removeHome = () => rm(home, { recursive: true, force: true, maxRetries: 3 })
    cleanUps.push(removeHome)
    const exit = await demo(home, options, cleanUps, signal)
    // the file in it is what the demo leaves behind
    if (options.out === undefined) cleanUps.splice(cleanUps.indexOf(removeHome), 1)
    return exit
  })
}

async function demo(
  home: string,
  { out, json = false, example: folder, print = toStdout, faults = {} }: DemoOptions,
  cleanUps: CleanUp[],
  signal: AbortSignal,
): Promise<Exit> {
  const example = await findExample(folder)
  const { wasm, request } = compileJob(example)
  const [sandbox, files] = await Promise.all([
    openSandboxIn(cleanUps, SLOTS),
    filesOf(example, request, home, signal),
  ])
  signal.throwIfAborted()

  const cast = openCast()
  const alice = person(cast, 'alice').signer
  const scope = scopeOf(request)
  const charter = foundFederation(cast, scope)
  const replaceRoles = faults.replaceRoles
  const mesh = await openLocalMesh({ cast, charter, sandbox, replaceRoles })
  cleanUps.push(() => mesh.close())

  const createdAtMs = Date.now()
  const token = issueToken(cast, charter, scope, createdAtMs)
  const encoded = encodeFile(wasm)
  const program = { file: example.file, cid: encoded.cid }
  const manifest = sealManifest(
    request,
    {
      token,
      files,
      program: program.cid,
      profile: sandbox.profile,
      verifiers: cast.filter(({ roles }) => roles.includes('verifier')).length,
      createdAtMs,
      nonce: new Uint8Array(randomBytes(16)),
    },
    alice,
  )
  const tale = openTale(json, print)
  tale.began(program, charter, manifest)
  const blocks = [...files.values()].flatMap((file) => file.blocks)
  const { process, store } = nodeOf(mesh, HOME_NODE)
  await store.put([...blocks, ...encoded.blocks])

  const hold = sealHold(manifest, alice)
  const submit = { type: 'submit' as const, tokens: [token], manifest, hold }
  tale.ended(await follow(process, submit, tale, signal))
  const receipt = receiptOf(mesh, manifest.cid)
  const car = resolve(out ?? join(home, 'demo.car'))
  const proof = await proveDemo(
    { mesh, charter, receipt, sandbox, car },
    faults.tamper ?? ((block) => block),
  )
  if (out === undefined) await writeFile(pinFile(home), `${charter.cid}\n`)
  tale.proved(proof, car)
  return isVerified(proof.checked) ? EXIT.done : EXIT.refused
}

/** The request comes out of the compiled module as it runs, not out of the compiler. */
function compileJob({ file, text }: Example): { wasm: Uint8Array; request: JobRequest } {
  const built = compile(text, { file })
  if (!built.ok) throw new UsageError(formatDiagnostics(built.diagnostics, text).trimEnd())
  const [request, another] = evaluate(built.wasm, { fuelMax: PROGRAM_FUEL })
  if (request === undefined || another !== undefined) {
    throw new UsageError(`${file} must submit one job for the demo`)
  }
  return { wasm: built.wasm, request }
}

async function filesOf(example: Example, request: JobRequest, home: string, signal: AbortSignal) {
  const scratch = join(home, 'scratch')
  await mkdir(scratch)
  const files = await filesByCid(example, cidsOf(request), { scratch, signal })
  await rm(scratch, { recursive: true })
  return files
}

function nodeOf({ processes, stores }: LocalMesh, name: string) {
  const process = processes.get(name)
  const store = stores.get(name)
  if (process === undefined || store === undefined) throw new TypeError(`no process ${name}`)
  return { process, store }
}

/** The receipt in the log; a job that ended without one has nothing to prove. */
function receiptOf(mesh: LocalMesh, job: CID): CID {
  const { process } = nodeOf(mesh, HOME_NODE)
  const leases = process.replica.ledger.jobs.get(`${job}`)?.leases ?? []
  const receipt = leases.flatMap(({ receipts }) => receipts).at(0)
  if (receipt === undefined) throw new Refusal('RECEIPT_UNKNOWN', `the job ended without a receipt`)
  return receipt.record.cid
}
