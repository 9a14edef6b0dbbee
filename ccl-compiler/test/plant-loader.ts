/** Plants the fault named by `CCL_PLANT` while files are loaded; nothing on disk changes. */
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { FAULTS } from './planted-faults.ts'

const fault = FAULTS.find(({ id }) => id === process.env.CCL_PLANT)
if (fault !== undefined) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!url.startsWith('file:') || !fileURLToPath(url).endsWith(`/${fault.file}`)) return loaded
      const source = Buffer.from(loaded.source as Uint8Array).toString()
      return { ...loaded, source: source.replace(fault.find, () => fault.replace) }
    },
  })
}
