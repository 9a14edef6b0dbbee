/** The sandbox: what it costs beside other ways to run a module, and what a job costs at all. */
import type { Effort, Row } from './measure.ts'
import { benchBackends } from './runtime-backends.ts'
import { benchPolicy } from './runtime-policy.ts'
import { benchRewriting } from './runtime-rewriting.ts'
import { benchSlots } from './runtime-slots.ts'

export async function benchRuntime(effort: Effort): Promise<Row[]> {
  return [
    // first: once a guest's memory has grown here, the engine checks each access to an array's bytes
    ...(await benchRewriting(effort)),
    ...(await benchBackends(effort)),
    ...(await benchSlots(effort)),
    ...(await benchPolicy(effort)),
  ]
}
