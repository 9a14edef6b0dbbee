import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  type Compiled,
  check,
  compile,
  formatDiagnostics,
  runTests,
} from '@planetary-mesh/ccl-compiler'
import { cidOf, decodeBlock, encodeBlock, JobRequest } from '@planetary-mesh/spec'
import { type Memory, WebAssembly } from './engine.ts'
import { CALL, program } from './mistakes.ts'

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const S1 = read('programs/s1.ccl')
const FULL = read('programs/full-job.ccl')
const CID = 'bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze'
const BALLOTS = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

function built(text: string): Compiled {
  const result = compile(text, { file: 'job.ccl' })
  assert.deepEqual(result.diagnostics, [])
  assert.ok(result.ok)
  return result
}

/** Runs a module; `answers` are what the host says to one request after another. */
function run(wasm: Uint8Array, answers: readonly number[] = []) {
  assert.ok(WebAssembly.validate(wasm))
  const requests: unknown[] = []
  let memory: Memory | undefined
  const host_submit_job = (at: number, length: number) => {
    assert.ok(memory !== undefined && at > 0)
    requests.push(decodeBlock(new Uint8Array(memory.buffer, at, length).slice()))
    return answers[requests.length - 1] ?? 0
  }
  const module = new WebAssembly.Module(wasm)
  const { exports } = new WebAssembly.Instance(module, { mesh: { host_submit_job } })
  memory = exports.memory as Memory
  const answer = (exports.run as () => number)()
  return { module, memory, requests, answer }
}

describe('the S1 program', () => {
  it('asks for exactly its five arguments', () => {
    const { requests, answer } = run(built(S1).wasm)
    assert.equal(answer, 0)
    assert.deepEqual(requests, [
      {
        wasm_cid: CID,
        description: 'Data processing task',
        resource_type: 'compute',
        resource_amount: 1000,
        priority: 'medium',
      },
    ])
  })

  it('imports mesh.host_submit_job and exports memory and run', () => {
    const { module } = run(built(S1).wasm)
    assert.deepEqual(WebAssembly.Module.imports(module), [
      { module: 'mesh', name: 'host_submit_job', kind: 'function' },
    ])
    assert.deepEqual(WebAssembly.Module.exports(module), [
      { name: 'memory', kind: 'memory' },
      { name: 'run', kind: 'function' },
    ])
  })

  it('with other values asks for those values', () => {
    const other = S1.replace(CID, BALLOTS)
      .replace('Data processing task', 'Count \\u{1F33E}')
      .replace('"compute"', '"storage"')
      .replace('1000', '9_007_199_254_740_991')
      .replace('medium', 'critical')
    assert.deepEqual(run(built(other).wasm).requests, [
      {
        wasm_cid: BALLOTS,
        description: 'Count 🌾',
        resource_type: 'storage',
        resource_amount: Number.MAX_SAFE_INTEGER,
        priority: 'critical',
      },
    ])
  })

  it('gives the same bytes every time, and other bytes when a space is added', () => {
    assert.deepEqual(built(S1).wasm, built(S1).wasm)
    // the header names the source, so even a space is another program
    assert.notDeepEqual(built(S1).wasm, built(`${S1} `).wasm)
  })

  it('is read alike as a word processor leaves it: byte order mark, CRLF, tabs', () => {
    const left = `\u{FEFF}${S1.replaceAll('\n', '\r\n').replaceAll('  ', '\t')}`
    assert.deepEqual(built(left).requests, built(S1).requests)
  })
})

describe('the header', () => {
  it('stands in the section ccl and names the source, the imports and the cost', () => {
    const { wasm, header } = built(S1)
    const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(wasm), 'ccl')
    const bytes = new Uint8Array(section as ArrayBuffer)
    assert.deepEqual(bytes, encodeBlock(header).bytes)
    const { source, ...rest } = decodeBlock(bytes) as typeof header
    assert.ok(source.equals(cidOf('raw', new TextEncoder().encode(S1))))
    assert.deepEqual(rest, {
      abi: 1,
      compiler: '0.1.0',
      imports: ['mesh.host_submit_job'],
      requests: 1,
      costMax: 6,
    })
  })

  it('gives the version of this package', () => {
    const { version } = JSON.parse(read('../package.json')) as { version: string }
    assert.equal(built(S1).header.compiler, version)
  })
})

describe('a whole job document', () => {
  const common = {
    priority: 'high',
    scope: 'coop:farm',
    min_memory: 512,
    min_cpu: 2,
    reputation_min: 80,
    max_bid: 600,
    deadline_ms: 600_000,
    required_validators: 2,
    federation_quorum: 666_700,
    selection: { price: 250_000, resources: 150_000, reputation: 500_000, timeliness: 100_000 },
  }

  it('asks for its jobs in order, each with all that is said about them', () => {
    const { requests } = run(built(FULL).wasm)
    assert.deepEqual(requests, [
      {
        ...common,
        wasm_cid: CID,
        description: 'Analyze cooperative voting patterns',
        resource_type: 'compute',
        resource_amount: 700,
        inputs: { 'ballots.csv': BALLOTS },
        args: ['--seats', '7'],
      },
      {
        ...common,
        wasm_cid: CID,
        description: 'Keep the "report" for a year',
        resource_type: 'storage',
        resource_amount: 50,
      },
    ])
    for (const request of requests) assert.ok(JobRequest.safeParse(request).success)
    assert.deepEqual(built(FULL).requests, requests)
  })

  it('lists what it does not act on, as written and with its place', () => {
    const { descriptive } = built(FULL)
    assert.deepEqual(
      descriptive.map(({ path }) => path),
      [
        'title',
        'description',
        'author',
        'version',
        'resources.policies.compute',
        'resources.policies.storage',
        'job.requirements.features',
        'job.node_preferences.location',
        'results.storage.dag_anchor',
        'results.storage.retention_period',
        'results.storage.access.roles',
        'results.distribution.notify_channels',
        'selection.name',
      ],
    )
    assert.equal(descriptive[9]?.text, '365d')
    assert.deepEqual([descriptive[0]?.span.line, descriptive[0]?.span.column], [2, 1])
  })

  it('is checked without being encoded', () => {
    const checked = check(FULL)
    assert.ok(checked.ok && !('wasm' in checked))
    assert.deepEqual(checked.requests, built(FULL).requests)
  })
})

describe('run', () => {
  const three = program().replace(CALL, (call) => call.repeat(3))

  it('stops at the first answer that is not 0, and returns it', () => {
    const { requests, answer } = run(built(three).wasm, [0, -7, 0])
    assert.equal(answer, -7)
    assert.equal(requests.length, 2)
  })

  it('has memory for all its requests', () => {
    const long = program().replace('"Data', `"${'x'.repeat(1000)}`)
    const many = long.replace(CALL, (call) => call.repeat(200))
    const { requests, memory } = run(built(many).wasm)
    assert.equal(requests.length, 200)
    // 200 requests of about 1.2 KB need 4 pages of 64 KiB
    assert.equal(memory.buffer.byteLength, 4 * 65_536)
    assert.throws(() => memory.grow(1), RangeError)
  })

  it('of a document without a job imports nothing, and the compiler warns', () => {
    const result = compile('selection { weights { price: 1; } }')
    assert.ok(result.ok)
    assert.deepEqual(
      result.diagnostics.map(({ code, severity }) => [code, severity]),
      [['CCL0504', 'warning']],
    )
    const { module, requests, answer } = run(result.wasm)
    assert.deepEqual([WebAssembly.Module.imports(module), requests, answer], [[], [], 0])
  })

  it('warns of weights without a job beside a policy, but not of a title', () => {
    const policy = 'policy p { rule a: allow when request.amount < cu(5); }'
    const codes = (text: string) => compile(text).diagnostics.map(({ code }) => code)
    assert.deepEqual(codes(`title: "Pool";\n${policy}`), [])
    assert.deepEqual(codes(`selection { weights { price: 1; } }\n${policy}`), ['CCL0504'])
  })

  it('warns of a compute job that no mesh can run', () => {
    const result = compile(program().replace('1000', '20_000'))
    assert.ok(result.ok)
    assert.deepEqual(
      result.diagnostics.map(({ code }) => code),
      ['CCL0505'],
    )
    // the same amount of storage is not counted in fuel
    built(program().replace('1000', '20_000').replace('"compute"', '"storage"'))
  })
})

describe('the README', () => {
  const blocks = [...read('../README.md').matchAll(/```(\w*)\n([\s\S]*?)```/g)]
  const block = (kind: string) => blocks.find(([, name]) => name === kind)?.[2] as string

  it('shows a policy whose tests pass, and a job document that compiles', () => {
    const [policy = '', job = ''] = blocks.flatMap(([, name, text]) =>
      name === 'ccl' ? [text] : [],
    )
    const checked = built(policy as string)
    assert.equal(checked.programs.length, 1)
    assert.deepEqual([runTests(checked).passed, runTests(checked).failed], [2, 0])
    assert.equal(built(job as string).requests[0]?.resource_amount, 700)
  })

  it('shows a diagnostic as it is printed', () => {
    const text = program().replace('resource_amount', 'resource_ammount')
    const { diagnostics } = compile(text, { file: 'job.ccl' })
    assert.equal(formatDiagnostics(diagnostics, text), block(''))
  })
})
