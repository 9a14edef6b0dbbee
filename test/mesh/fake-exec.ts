/**
 * Running without a sandbox, for tests that are about what the roles say: the result is a function
 * of the manifest, as it is with a sandbox, and its files are kept in the store.
 */
import type { Blocks, Exec } from '@planetary-mesh/peer'
import {
  encodeDirectory,
  encodeFile,
  type Manifest,
  type Outcome,
  type Ran,
  type Result,
  sha256,
} from '@planetary-mesh/spec'

export type FakeOptions = {
  /** Resolves when the run may end; an abort ends it before, as cancelled. */
  gate?: (manifest: Manifest) => Promise<void>
  /** What this machine makes of the honest result. */
  change?: (result: Result, manifest: Manifest) => Result
  /** Fuel at which a cancel stops a run; half of the limit is what a whole run takes. */
  cancelledAtFuel?: number
  /** Throws what the run ends with instead: a Refusal, a HostFault. */
  fail?: (manifest: Manifest) => void
}

const utf8 = (text: string) => new TextEncoder().encode(text)

export function fakeExec(blocks: Blocks, options: FakeOptions = {}): Exec {
  return {
    async run(manifest, { signal, cancelAtFuel }) {
      options.fail?.(manifest)
      const atFuel = cancelAtFuel ?? (await stopped(manifest, signal, options))
      const stdout = encodeFile(utf8(atFuel === undefined ? `job ${manifest.cid}\n` : ''))
      const stderr = encodeFile(new Uint8Array())
      const output = encodeDirectory([])
      await blocks.put([...stdout.blocks, ...stderr.blocks, ...output.blocks])
      const outcome: Outcome =
        atFuel === undefined ? { type: 'exited', code: 0 } : { type: 'cancelled', atFuel }
      const result: Result = {
        outcome,
        stdout: { cid: stdout.cid, bytes: stdout.bytes },
        stderr: { cid: stderr.cid, bytes: stderr.bytes },
        output: { cid: output.cid, bytes: output.bytes },
        fuel: atFuel ?? Math.floor(manifest.body.fuelMax / 2),
        memoryPages: 2,
        hostCallDigest: sha256(manifest.cid.bytes),
        profile: manifest.body.profile,
      }
      const nowMs = manifest.body.createdAtMs
      const measured = { startedAtMs: nowMs, finishedAtMs: nowMs + 1, wallMs: 1, rssBytes: 1 }
      return { result: options.change?.(result, manifest) ?? result, measured } satisfies Ran
    },
    close: async () => {},
  }
}

/** Where a cancel stopped the run; undefined if it came to its end. */
async function stopped(
  manifest: Manifest,
  signal: AbortSignal,
  { gate, cancelledAtFuel = 1000 }: FakeOptions,
): Promise<number | undefined> {
  if (gate === undefined) return undefined
  if (signal.aborted) return 0
  const aborted = new Promise<number>((resolve) => {
    signal.addEventListener('abort', () => resolve(cancelledAtFuel), { once: true })
  })
  return Promise.race([aborted, gate(manifest).then(() => undefined)])
}
