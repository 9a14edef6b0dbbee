/** `meshctl new ccl`: the text of a program that submits a module, ready to be changed. */
import { check } from '@planetary-mesh/ccl-compiler'
import { assert, encodeFile, LIMITS } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { print, printJson } from '../cli/terminal.ts'
import { readHostFile } from '../files/host-files.ts'
import { writeNew } from '../files/write-outputs.ts'
import { splitInput } from '../run/inputs.ts'

export type NewOptions = {
  wasm: string
  input?: string[]
  arg?: string[]
  description?: string
  resourceAmount?: number
  output?: string
  force?: true
  json?: true
}

export async function newProgram(options: NewOptions): Promise<Exit> {
  const { output, json } = options
  const cid = `${encodeFile(await readHostFile(options.wasm, LIMITS.moduleBytesMax)).cid}`
  const inputs: { name: string; cid: string }[] = []
  for (const one of options.input ?? []) {
    const { name, path } = splitInput(one)
    if (inputs.some((input) => input.name === name)) {
      throw new UsageError(`two inputs are to stand at /in/${name}`)
    }
    const file = encodeFile(await readHostFile(path, LIMITS.inputBytesMax))
    inputs.push({ name, cid: `${file.cid}` })
  }
  const text = programText({ ...options, cid, inputs })
  const checked = check(text, { file: 'new.ccl' })
  if (!checked.ok) {
    const [first] = checked.diagnostics
    throw new UsageError(`the program would not compile: ${first?.message}`, first?.help)
  }
  assert(checked.requests.length === 1, 'a new program submits one job')
  if (output !== undefined)
    await writeNew(output, new TextEncoder().encode(text), options.force === true)
  if (json) printJson({ output: output ?? null, wasm: cid, inputs, text })
  else if (output === undefined) print(text)
  else print(`${output}: submits ${cid}\n`)
  return EXIT.done
}

type Words = NewOptions & { cid: string; inputs: readonly { name: string; cid: string }[] }

function programText({ cid, inputs, description, resourceAmount, arg = [] }: Words): string {
  const what = description ?? 'A job of one module'
  const amount = resourceAmount ?? LIMITS.resourceAmountDefault
  const named = inputs.map((input) => `${quoted(input.name)}: ${quoted(input.cid)}`)
  const lines = [
    `wasm_cid: ${quoted(cid)}`,
    `description: ${quoted(what)}`,
    'resource_type: "compute"',
    `resource_amount: ${amount}`,
    'priority: "medium"',
    ...(named.length === 0 ? [] : [`inputs: { ${named.join(', ')} }`]),
    ...(arg.length === 0 ? [] : [`args: [${arg.map(quoted).join(', ')}]`]),
  ]
  return [
    `title: ${quoted(what)};`,
    '',
    'resources {',
    `  compute: ${amount};`,
    '}',
    '',
    'execution {',
    '  submit_job(',
    ...lines.map((line, index) => `    ${line}${index === lines.length - 1 ? '' : ','}`),
    '  );',
    '}',
    '',
  ].join('\n')
}

/** A text of CCL: what it cannot hold as it is stands as an escape. */
function quoted(text: string): string {
  const inner = text
    .replace(/[\\"]/g, '\\$&')
    .replace(/\p{Cc}/gu, (point) => `\\u{${point.codePointAt(0)?.toString(16)}}`)
  return `"${inner}"`
}
