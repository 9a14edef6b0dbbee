/**
 * A job document as a WebAssembly module: the requests lie in its memory as DAG-CBOR, and `run`
 * hands each to the host. The ABI is written down in spec/ccl-abi.md.
 */
import { type CID, encodeBlock, type JobRequest, verifyPolicyBytes } from '@planetary-mesh/spec'
import type { AskedEffect } from './requests.ts'
import { ABI, COMPILER_VERSION } from './versions.ts'
import * as W from './wasm-bytes.ts'

const IMPORT = ['mesh', 'host_submit_job'] as const
const PAGE_BYTES = 65_536
/** Nothing lies at address 0, so that no request looks like a null pointer. */
const DATA_START = 16

/** What a compiled program says about itself, in its custom section `ccl` as DAG-CBOR. */
export type Header = {
  /** The version of spec/ccl-abi.md. */
  abi: number
  compiler: string
  /** The CID of the source text: raw, of its UTF-8 bytes. */
  source: CID
  imports: string[]
  requests: number
  /** What else the document asks for, in order: data, which no `run` does anything about. */
  effects?: AskedEffect[]
  /** The most instructions one `run` can take, host functions not counted. */
  costMax: number
}

export function jobModule(
  requests: readonly JobRequest[],
  effects: readonly AskedEffect[],
  source: CID,
): { wasm: Uint8Array; header: Header } {
  const blocks = requests.map((request) => encodeBlock(request).bytes)
  const header: Header = {
    abi: ABI,
    compiler: COMPILER_VERSION,
    source,
    imports: blocks.length === 0 ? [] : [IMPORT.join('.')],
    requests: blocks.length,
    ...(effects.length === 0 ? {} : { effects: [...effects] }),
    // per request two constants, call, tee, if; then the last constant, or the answer got back
    costMax: 5 * blocks.length + 1,
  }
  const wasm = encode(blocks, header)
  // what others check when they get it, we check before they do
  verifyPolicyBytes(wasm, 'jobs')
  return { wasm, header }
}

function encode(blocks: readonly Uint8Array[], header: Header): Uint8Array {
  const imported = blocks.length === 0 ? 0 : 1
  const submit = [W.TYPE.func, ...W.vector([[W.TYPE.i32], [W.TYPE.i32]]), 1, W.TYPE.i32]
  const run = [W.TYPE.func, 0, 1, W.TYPE.i32]
  const types = imported === 1 ? [submit, run] : [run]
  const [module, field] = IMPORT
  const importEntry = W.join([W.name(module), W.name(field), [W.KIND.func, 0]])
  const size = blocks.reduce((total, block) => total + block.length, DATA_START)
  const pages = W.unsigned(Math.max(1, Math.ceil(size / PAGE_BYTES)))
  return W.moduleOf([
    W.section(W.SECTION.type, W.vector(types)),
    ...(imported === 1 ? [W.section(W.SECTION.import, W.vector([importEntry]))] : []),
    W.section(W.SECTION.function, W.vector([[imported]])),
    // least and most: the memory of a job document never grows
    W.section(W.SECTION.memory, W.vector([[0x01, ...pages, ...pages]])),
    W.section(
      W.SECTION.export,
      W.vector([
        W.join([W.name('memory'), [W.KIND.memory, 0]]),
        W.join([W.name('run'), [W.KIND.func, imported]]),
      ]),
    ),
    W.section(W.SECTION.code, W.vector([W.sized(runBody(blocks))])),
    ...(imported === 1 ? [W.section(W.SECTION.data, W.vector([dataSegment(blocks)]))] : []),
    W.section(W.SECTION.custom, W.join([W.name('ccl'), encodeBlock(header).bytes])),
    W.section(W.SECTION.custom, nameSection(imported)),
  ])
}

/** Submits in order and stops at the first answer other than 0, which is then its own answer. */
function runBody(blocks: readonly Uint8Array[]): Uint8Array {
  const answer = 0
  const parts: W.Bytes[] = [W.vector([[1, W.TYPE.i32]])]
  let address = DATA_START
  for (const { length } of blocks) {
    parts.push([W.OP.i32Const, ...W.signed(address), W.OP.i32Const, ...W.signed(length)])
    parts.push([W.OP.call, 0, W.OP.localTee, answer])
    parts.push([W.OP.if, W.TYPE.empty, W.OP.localGet, answer, W.OP.return, W.OP.end])
    address += length
  }
  parts.push([W.OP.i32Const, 0, W.OP.end])
  return W.join(parts)
}

function dataSegment(blocks: readonly Uint8Array[]): Uint8Array {
  const start = [0x00, W.OP.i32Const, ...W.signed(DATA_START), W.OP.end]
  return W.join([start, W.sized(W.join(blocks))])
}

/** So that a trap says `run`, not a number. Source: Core Specification, appendix "Name Section". */
function nameSection(imported: number): Uint8Array {
  const names = [...(imported === 1 ? [IMPORT[1]] : []), 'run']
  const functions = W.vector(names.map((text, index) => W.join([[index], W.name(text)])))
  const module = W.join([[0], W.sized(W.name('ccl'))])
  return W.join([W.name('name'), module, [1], W.sized(functions)])
}
