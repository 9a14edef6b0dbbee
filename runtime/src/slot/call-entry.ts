/** Calls the function of a guest that starts everything: one without parameters. */
import { admit, Refusal } from '@planetary-mesh/spec/bare'
import type { WasmInstance } from '../admission/engine.ts'

/** V8's words for a signature that holds a v128, which cannot pass between wasm and the host. */
const NOT_CALLABLE = 'type incompatibility'

/** What the exported function `name` gives back. Refuses with MODULE_REFUSED one that takes any. */
export function callEntry(instance: WasmInstance, name: string): unknown {
  const entry = instance.exports[name] as (() => unknown) & { readonly length: number }
  admit(entry.length === 0, 'MODULE_REFUSED', `'${name}' has parameters, expected none`)
  try {
    return entry()
  } catch (thrown) {
    if (!(thrown instanceof TypeError && thrown.message.includes(NOT_CALLABLE))) throw thrown
    throw new Refusal('MODULE_REFUSED', `'${name}' has a v128 result`, { cause: thrown })
  }
}
