/** Builds build/job.wasm: job.js and a JavaScript engine as one component, of the world in wit/. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { componentize } from '@bytecodealliance/componentize-js'

const source = await readFile(new URL('job.js', import.meta.url), 'utf8')
const witWorld = await readFile(new URL('wit/job.wit', import.meta.url), 'utf8')

const { component } = await componentize(source, witWorld, {
  worldName: 'job',
  // a job has no network: with these it would ask for one, and be refused
  disableFeatures: ['http', 'fetch-event'],
})
await mkdir(new URL('build/', import.meta.url), { recursive: true })
await writeFile(new URL('build/job.wasm', import.meta.url), component)
console.log(`build/job.wasm: ${component.length} bytes`)
