/** One slot for all the runs of a test file: those of its meshes, and those of whoever judges. */
import { after } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import type { Sandbox } from '@planetary-mesh/spec'

let opening: Promise<Sandbox> | undefined
after(async () => (await opening)?.close())

/** Opened when it is first asked for; it outlives whoever closes it, until the file has run. */
export async function oneSandbox(): Promise<Sandbox> {
  opening ??= openSandbox({ slots: 1, spares: 0 })
  return { ...(await opening), async close() {} }
}
