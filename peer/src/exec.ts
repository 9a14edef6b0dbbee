/**
 * From a manifest to a result: the module and the inputs come from the blocks by CID, the sandbox
 * runs them, what came out goes back into the blocks. Executor, verifier and `meshctl verify` all
 * run it like this, so the same manifest gives the same result on every machine: the guest's clock
 * starts at `createdAtMs`, its random numbers at the manifest's CID. Source: runtime.md.
 */
import {
  admit,
  type Block,
  type CID,
  encodeDirectory,
  encodeFile,
  type FileRef,
  HostFault,
  isComponent,
  LIMITS,
  type Manifest,
  type Ran,
  Refusal,
  type RunInput,
  type RunOptions,
  type RunResult,
  runsProfile,
  type Sandbox,
  textOf,
} from '@planetary-mesh/spec'
import { fetchFile } from './fetch-file.ts'
import { ensureInputsFit } from './job-files.ts'
import type { LiveJob, LiveJobs } from './live-jobs.ts'
import { openPatience } from './patience.ts'
import type { Blocks, Clock, Exec } from './ports.ts'
import { openTurns } from './turns.ts'

/**
 * An Exec over a sandbox. As many jobs go on as the sandbox has slots; the others wait before they
 * fetch anything. `run` refuses with PROFILE_UNKNOWN, BLOCK_…, FILE_…, LIMIT_EXCEEDED, OVERLOADED
 * and whatever the sandbox refuses; it throws HostFault 'deadline' when waiting, fetching and
 * running take longer than `wallMs`, 'store' when the outputs cannot be kept, and 'closed'. Closing
 * it ends what runs; sandbox and blocks stay open for whoever opened them.
 */
export function openExec(options: {
  blocks: Blocks
  clock: Clock
  sandbox: Sandbox
  /** Hears what the jobs say while they run. */
  live?: LiveJobs
}): Exec {
  const { blocks, clock, sandbox } = options
  const turns = openTurns(sandbox.slots)
  const closing = new AbortController()

  return {
    async run(manifest, { wallMs, signal, cancelAtFuel }) {
      const { profile } = manifest.body
      admit(
        runsProfile(sandbox.profile, profile),
        'PROFILE_UNKNOWN',
        `asked for ${profile}, here is ${sandbox.profile}`,
      )
      const endsAtMs = clock.nowMs() + Math.min(wallMs, LIMITS.wallMsMax)
      const turn = turns.take()
      const patience = openPatience({ clock, endsAtMs, closing: closing.signal })
      try {
        await patience.wait(turn.granted)
        const input = await patience.wait(inputOf(manifest, blocks))
        ensureAsked(input.module, profile)
        const startedAtMs = clock.nowMs()
        const limits = { ...input.limits, wallMs: Math.max(1, Math.floor(endsAtMs - startedAtMs)) }
        const cancel = cancelAtFuel === undefined ? {} : { cancelAtFuel }
        const stop = AbortSignal.any([signal, closing.signal])
        // the sandbox keeps the time of a run itself
        patience.hasTime()
        const live = options.live?.begin(manifest.cid)
        const heard = live === undefined ? {} : toldTo(live)
        const run = sandbox
          .run({ ...input, limits, ...cancel }, { signal: stop, ...heard })
          .finally(() => live?.end())
        const done = await patience.wait(run)
        return await keep(
          blocks,
          { ...done, profile },
          { startedAtMs, finishedAtMs: clock.nowMs() },
        )
      } finally {
        patience.end()
        turn.end()
      }
    },
    async close() {
      closing.abort()
    },
  }
}

/** Whoever watches never keeps the job waiting: nothing here is a promise. */
const toldTo = (live: LiveJob): Pick<RunOptions, 'onOutput' | 'onProgress'> => ({
  onOutput: (output) => live.output(output),
  onProgress: (progress) => live.progress(progress),
})

/**
 * A component is run only for who asked for that: others could not run it again. It is the module
 * that is wrong, on every machine: a receipt that says otherwise is a lie.
 */
function ensureAsked(module: Uint8Array, profile: string): void {
  const fits = !isComponent(module) || /\+component\//.test(profile)
  admit(fits, 'MODULE_REFUSED', `the module is a component, and the job asks for ${profile}`)
}

/** The sandbox's input, a pure function of the manifest and the bytes its links name. */
async function inputOf(manifest: Manifest, blocks: Blocks): Promise<RunInput> {
  ensureInputsFit(manifest)
  const { body, cid } = manifest
  try {
    const module = await fetchFile(body.module, blocks, LIMITS.moduleBytesMax)
    const files = []
    for (const { name, file } of body.inputs) {
      files.push({ path: `/in/${name}`, bytes: await fetchFile(file, blocks) })
    }
    return {
      module,
      args: body.args,
      env: body.env,
      stdin: body.stdin === null ? new Uint8Array() : await fetchFile(body.stdin, blocks),
      files,
      clockMs: body.createdAtMs,
      // the 32 bytes of sha-256 inside the manifest's CID
      seed: cid.multihash.digest,
      limits: {
        fuelMax: body.fuelMax,
        memoryPagesMax: body.memoryPagesMax,
        outputBytesMax: body.outputBytesMax,
        wallMs: LIMITS.wallMsMax,
      },
    }
  } catch (error) {
    throw asOurs(error)
  }
}

/** The outputs as blocks, durable, and the result that names them. */
async function keep(
  blocks: Blocks,
  { outputs, measured, ...ran }: RunResult,
  times: { startedAtMs: number; finishedAtMs: number },
): Promise<Ran> {
  const stdout = encodeFile(ran.stdout)
  const stderr = encodeFile(ran.stderr)
  const output = encodeDirectory(outputs)
  await put(blocks, [...stdout.blocks, ...stderr.blocks, ...output.blocks])
  const { outcome, fuel, memoryPages, hostCallDigest, profile } = ran
  const run = { outcome, fuel, memoryPages, hostCallDigest, profile }
  return {
    result: { ...run, stdout: refOf(stdout), stderr: refOf(stderr), output: refOf(output) },
    measured: {
      ...times,
      wallMs: Math.round(measured.wallMs),
      rssBytes: Math.round(measured.rssBytes),
    },
  }
}

const refOf = ({ cid, bytes }: { cid: CID; bytes: number }): FileRef => ({ cid, bytes })

async function put(blocks: Blocks, outputs: readonly Block[]): Promise<void> {
  const distinct = new Map(outputs.map((block) => [textOf(block.cid), block]))
  try {
    await blocks.put([...distinct.values()])
  } catch (error) {
    throw asOurs(error)
  }
}

/** A store that is full or closed is this machine's failure, not the job's. */
function asOurs(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error
  if (error.code === 'STORE_CLOSED') return new HostFault('closed', error.detail, { cause: error })
  if (error.code === 'STORE_FULL') return new HostFault('store', error.detail, { cause: error })
  return error
}
