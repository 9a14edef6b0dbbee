/** Runs a generated module to its end and says all that can be seen of it. */
import { createHash } from 'node:crypto'
import { type WasmImports, WebAssembly } from '../../src/admission/engine.ts'
import { type Export, start } from './run.ts'

const FUEL_MAX = 1_000_000

type Instance = { exports: Readonly<Record<string, unknown>> }

/** Calls the functions of `instance`, last first, up to the first trap. */
function callAll(instance: Instance, seen: number[], used: () => number, stopped: () => boolean) {
  const names = Object.keys(instance.exports).filter((name) => name.startsWith('f'))
  const results: string[] = []
  const fuel: number[] = []
  let trapped = false
  for (const name of names.reverse()) {
    try {
      results.push(String((instance.exports[name] as Export)()))
    } catch (error) {
      if (!(error instanceof Error)) throw error
      results.push(error.message)
      trapped = true
    }
    if (trapped || stopped()) break
    fuel.push(used())
  }
  const memory = instance.exports.m as { buffer: ArrayBuffer }
  const digest = createHash('sha256').update(new Uint8Array(memory.buffer)).digest('hex')
  return { results: [...results, digest, seen.join()].join(' '), fuel, trapped }
}

function host(seen: number[]): WasmImports {
  return {
    host: {
      see: (value: number) => {
        seen.push(value)
        return seen.length
      },
    },
  }
}

/** What the module as it came does. It must end by itself. */
export function observeOriginal(bytes: Uint8Array) {
  const seen: number[] = []
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), host(seen))
  return callAll(
    instance,
    seen,
    () => 0,
    () => false,
  )
}

/** What it does once rewritten; `text` has its fuel as well. */
export function observe(bytes: Uint8Array, variant: 'fast' | 'exact') {
  const seen: number[] = []
  const { meter, instance } = start(bytes, { variant, fuelMax: FUEL_MAX, imports: host(seen) })
  const found = callAll(instance, seen, meter.fuelUsed, () => meter.stop() !== undefined)
  const stop = meter.stop()
  return { ...found, stop, text: `${found.results} ${stop} ${found.fuel.join()}` }
}
