/**
 * Helia without its default network. The package's one entry also loads a DHT, WebRTC and an HTTP
 * client, which we never use and which are half of what a node loads and a third of its start; no
 * option keeps them out. So its class is loaded from its own file, as `createHeliaLight` makes it.
 */
import type { createHeliaLight } from 'helia'

type Options = NonNullable<Parameters<typeof createHeliaLight>[0]>
type Light = ReturnType<typeof createHeliaLight>

/** What `createHeliaLight(options)` gives. The pinned version of `helia` has its class there. */
export async function openHeliaLight(options: Options): Promise<Light> {
  const beside = (file: string) => new URL(file, import.meta.resolve('helia')).href
  const [{ Helia }, { name, version }] = await Promise.all([
    import(beside('helia.js')) as Promise<{ Helia: new (options: unknown) => Light }>,
    import(beside('version.js')) as Promise<{ name: string; version: string }>,
  ])
  return new Helia({ name, version, ...options })
}
