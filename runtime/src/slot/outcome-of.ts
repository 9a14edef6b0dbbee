/** From what was thrown through a guest to how its run ended. */
import { HostFault, type Outcome } from '@planetary-mesh/spec/bare'
import { WebAssembly } from '../admission/engine.ts'
import { MeterStop } from '../admission/meter.ts'
import { GuestAbort } from '../wasi/assemblyscript.ts'
import { OutputLimit } from '../wasi/budget.ts'
import { GuestCancelled } from '../wasi/cancel-point.ts'
import { GuestExit } from '../wasi/host.ts'
import { trapOf, trapOfInstantiation } from './traps.ts'

/** What it means that `thrown` came out of the guest. What no guest can cause is our own fault. */
export function outcomeOf(thrown: unknown, running: boolean): Outcome {
  if (thrown instanceof GuestExit) return { type: 'exited', code: thrown.code }
  if (thrown instanceof GuestCancelled) return { type: 'cancelled', atFuel: thrown.atFuel }
  if (thrown instanceof MeterStop) return { type: thrown.stop }
  if (thrown instanceof OutputLimit) return { type: 'output-limit' }
  if (thrown instanceof GuestAbort) return { type: 'trapped', trap: 'unreachable' }
  if (thrown instanceof WebAssembly.RuntimeError) {
    const trap = running ? trapOf(thrown.message) : trapOfInstantiation(thrown.message)
    return { type: 'trapped', trap }
  }
  if (thrown instanceof RangeError) {
    const reason = thrown.message.includes('call stack') ? 'native-stack' : 'memory'
    throw new HostFault(reason, thrown.message, { cause: thrown })
  }
  throw thrown
}
