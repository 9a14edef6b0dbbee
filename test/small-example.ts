/** An example of a few thousand instructions, for what must go through a whole demo. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeFile } from '@planetary-mesh/spec'

const SUM = join(import.meta.dirname, '../runtime/test/guests/sum.wasm')

/** Writes `job.ccl` with its module and input into that folder, and gives the folder. */
export function writeSmallExample(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const wasm = readFileSync(SUM)
  const input = new TextEncoder().encode('a few bytes\n')
  writeFileSync(join(folder, 'sum.wasm'), wasm)
  writeFileSync(join(folder, 'numbers.txt'), input)
  writeFileSync(
    join(folder, 'job.ccl'),
    `execution {
  submit_job(
    wasm_cid: "${encodeFile(wasm).cid}",
    description: "Add up some bytes",
    resource_type: "compute",
    resource_amount: 10,
    priority: "high",
    inputs: { "numbers.txt": "${encodeFile(input).cid}" },
    args: ["numbers.txt", "/out/copy.txt"]
  );
}
`,
  )
  return folder
}
