/** Ends a run that broke a rule of an interface: a trap of the component model. */
import { WebAssembly } from '../../admission/engine.ts'

/** Throws the trap `unreachable`; `why` is for whoever looks at what was thrown. */
export function refuseToGoOn(why: string): never {
  throw Object.assign(new WebAssembly.RuntimeError('unreachable'), { why })
}
