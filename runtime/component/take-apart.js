/**
 * Takes a WebAssembly component apart, with jco: bytes come in on stdin, core modules and the
 * JavaScript that lifts and lowers between them go out on stdout. It runs in a process of its own
 * with nothing in reach, because the bytes are a stranger's: `runtime/src/component/` starts it.
 *
 * The answer is `u32 length of the head | head | parts`; the head is JSON, either
 * `{imports, exports, parts: [[name, length]]}` or `{refused: why}`.
 */
import { registerHooks } from 'node:module'

const SHIM = /^@bytecodealliance\/preview2-shim\/(\w+)$/

// jco is itself a component; the shim made for browsers starts no worker and opens no file
registerHooks({
  resolve(specifier, context, next) {
    const name = SHIM.exec(specifier)?.[1]
    if (name === undefined) return next(specifier, context)
    const { url } = next(specifier, context)
    return { url: new URL(`../browser/${name}.js`, url).href, format: 'module', shortCircuit: true }
  },
})
// what jco says before it gives up goes to the console in the shim for browsers
const said = []
console.error = (text) => said.push(text)
const { generate } = await import('@bytecodealliance/jco/component')

const OPTIONS = {
  name: 'component',
  noTypescript: true,
  instantiation: { tag: 'sync' },
  noNodejsCompat: true,
  noNamespacedExports: true,
  base64Cutoff: 0,
}

const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
answer(await takeApart(Buffer.concat(chunks)))

async function takeApart(component) {
  try {
    const { files, imports, exports } = await generate(component, OPTIONS)
    return { head: { imports, exports }, files }
  } catch (thrown) {
    const { payload = lastWords() ?? thrown } = thrown
    return { head: { refused: String(payload) }, files: [] }
  }
}

/** The line below `thread … panicked at …`. */
function lastWords() {
  const lines = said.join('\n').split('\n')
  const at = lines.findIndex((line) => line.includes(' panicked at '))
  return at === -1 ? undefined : lines[at + 1]
}

function answer({ head, files }) {
  const parts = files.map(([name, bytes]) => [name, bytes.length])
  const text = Buffer.from(JSON.stringify({ ...head, parts }))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length)
  process.stdout.write(Buffer.concat([length, text, ...files.map(([, bytes]) => bytes)]))
}
