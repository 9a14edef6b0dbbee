// A component that is named by its CID alone: whoever submits it looks at its first bytes, so that
// the job asks for nodes that run components.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type Block,
  type EncodedFile,
  encodeFile,
  LIMITS,
  Manifest,
  open,
  parseCid,
  Refusal,
} from '@planetary-mesh/spec'
import { prepareFiles } from '../../../meshctl/src/jobs/job-files.ts'
import { planOfModule } from '../../../meshctl/src/jobs/plan.ts'
import { type JobsStage, openJobsStage } from '../../../meshctl/test/jobs-stage.ts'
import { encodeParts } from '../../../spec/src/records/unixfs.ts'
import { COMPONENT_PROFILE, RUNTIME_PROFILE } from '../../src/index.ts'
import { refuses } from '../refuses.ts'
import { guest } from '../run-input.ts'

const HEADER = [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]
/** A custom section without a name makes the component as long as it has to be. */
const componentOf = (bytes: number) => {
  const component = new Uint8Array(bytes)
  component.set(HEADER)
  return component
}
const small = encodeFile(componentOf(64))
/** Two leaves, and a block that joins them. */
const large = encodeFile(componentOf(LIMITS.fileChunkBytes + 1))
const core = encodeFile(guest('hello'))

let stage: JobsStage
before(async () => {
  stage = await openJobsStage()
})
after(() => stage[Symbol.asyncDispose]())

const WORDS = ['--description', 'by CID', '--json']
async function profileOf(file: EncodedFile): Promise<string> {
  await stage.client.putBlocks(file.blocks)
  const { jobs } = await stage.json('submit-job', '--wasm', `${file.cid}`, ...WORDS)
  const cid = parseCid(jobs[0].job)
  return open(Manifest, await stage.client.block(cid), { cid }).body.profile
}

test('a job of a component that the mesh holds asks for who runs components', async () => {
  assert.equal(await profileOf(small), COMPONENT_PROFILE)
  assert.equal(await profileOf(large), COMPONENT_PROFILE)
})

test('a job of a core module that the mesh holds asks for core modules alone', async () => {
  assert.equal(await profileOf(core), RUNTIME_PROFILE)
})

test('a program that names a component by CID submits a job of one', async () => {
  await stage.client.putBlocks(small.blocks)
  const program = stage.write(
    'job.ccl',
    `title: "a component"; description: "by CID";
     execution {
       submit_job(wasm_cid: "${small.cid}", description: "a component",
         resource_type: "compute", resource_amount: 1, priority: "medium");
     }`,
  )
  const { jobs } = await stage.json('submit-job', '--ccl', program)
  const cid = parseCid(jobs[0].job)
  const { body } = open(Manifest, await stage.client.block(cid), { cid })
  assert.equal(`${body.module.cid}`, `${small.cid}`)
  assert.equal(body.profile, COMPONENT_PROFILE)
})

const plan = (file: Pick<EncodedFile, 'cid'>) =>
  planOfModule(`${file.cid}`, { description: 'by CID' })
const holding = (blocks: readonly Block[]) => async (cid: Block['cid']) => {
  const held = blocks.find((block) => block.cid.equals(cid))
  if (held === undefined) throw new Refusal('BLOCK_MISSING', `${cid}`)
  return held.bytes
}

test('one whose blocks nobody holds, or not the first of them, is refused and named', async () => {
  const lost = encodeFile(componentOf(65))
  const { error } = await stage.json('submit-job', '--wasm', `${lost.cid}`, ...WORDS)
  assert.equal(error.code, 'BLOCK_MISSING')
  assert.match(error.detail, new RegExp(`module ${lost.cid} not found in the mesh`))
  const [first] = large.blocks as [Block]
  const others = large.blocks.filter(({ cid }) => !cid.equals(first.cid))
  const words = new RegExp(`first part of module ${first.cid} not found in the mesh`)
  await refuses(prepareFiles(plan(large), holding(others)), 'BLOCK_MISSING', words)
})

test('a file whose first part joins others again is refused: no module is that large', async () => {
  const [leaf] = small.blocks as [Block]
  const part = { cid: leaf.cid, bytes: leaf.bytes.length, storedBytes: leaf.bytes.length }
  const joined = encodeParts([part, part])
  const twice = encodeParts([{ ...part, cid: joined.cid, bytes: 2 * part.bytes }])
  const ask = holding([leaf, joined, twice])
  assert.equal((await prepareFiles(plan(joined), ask)).module.isWhole, false)
  await refuses(prepareFiles(plan(twice), ask), 'FILE_MALFORMED', /does not begin with a leaf/)
})
