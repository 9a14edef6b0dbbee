/**
 * Plants one bug while files are loaded: `MESH_PLANT=<id>` names a patch of `patches.ts`, whose
 * texts are replaced in the sources before they are compiled. Nothing on disk changes.
 */
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { PATCHES, type Patch } from './patches.ts'

const id = process.env.MESH_PLANT
if (id !== undefined && id !== '') plant(id)

function plant(id: string): void {
  const patch = PATCHES.find((candidate: Patch) => candidate.id === id)
  if (patch === undefined) throw new Error(`no patch is called '${id}'`)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!url.startsWith('file:')) return loaded
      const path = fileURLToPath(url)
      const edits = patch.edits.filter(({ file }) => path.endsWith(`/${file}`))
      if (edits.length === 0) return loaded
      let source = Buffer.from(loaded.source as Uint8Array).toString()
      for (const { file, find, replace } of edits) {
        const places = source.split(find).length - 1
        if (places !== 1) throw new Error(`${id}: ${places} places in ${file}, expected 1`)
        source = source.replace(find, () => replace)
      }
      return { ...loaded, source }
    },
  })
}
