/**
 * A C program as a component: made with jco and the adapter of preview1, taken apart once, and run
 * in a slot as any other module, on the host of components.
 */
import { HostFault } from '@planetary-mesh/spec'
import { takeApart } from '../runtime/src/component/take-apart.ts'
import { SlotProcess } from '../runtime/src/slot/slot-process.ts'
import { fromProgram, MISSING } from '../runtime/test/component/make-component.ts'
import { kernelInput } from './kernels.ts'
import type { Effort } from './measure.ts'
import { fineCpuMsOf } from './process-times.ts'

/** Making a component and taking it apart takes seconds, however little is run of it. */
const SHARE_MIN = 1 / 16

/** Why there is no row of a component; false where there is one. */
export const withoutComponent = (
  { share }: Pick<Effort, 'share'>,
  missing: string | false = MISSING,
): string | false =>
  missing === false && share < SHARE_MIN ? 'it takes too long for --quick' : missing

/** Runs the program with an argument twice in a new process; the second run is measured. */
export async function openComponent(
  core: Uint8Array,
): Promise<(argument: string) => Promise<{ ms: number; stdout: string }>> {
  const bundle = await takeApart(await fromProgram(core))
  return async (argument) => {
    const slot = await SlotProcess.start()
    const cpuMs = () => fineCpuMsOf(slot.pid as number)
    try {
      const input = kernelInput(bundle, argument)
      await slot.run(input)
      const beforeMs = cpuMs()
      const { outcome, stdout } = await slot.run(input)
      const ms = cpuMs() - beforeMs
      if (outcome.type !== 'exited' || outcome.code !== 0) {
        throw new Error(`a component ended otherwise: ${JSON.stringify(outcome)}`)
      }
      return { ms, stdout: Buffer.from(stdout).toString() }
    } finally {
      await slot.kill(new HostFault('closed', 'it was measured'))
    }
  }
}
