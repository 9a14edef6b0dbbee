/** What a compiled program hands to `mesh.host_submit_job`: a DAG-CBOR map with CCL's names. */
import { encodeBlock, type JobRequest } from '@planetary-mesh/spec'
import { CHAIN } from './chain.ts'
import { base64, toJson, type VectorFile } from './json.ts'

/** The five arguments of S1's example. */
const example: JobRequest = {
  wasm_cid: 'bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze',
  description: 'Data processing task',
  resource_type: 'compute',
  resource_amount: 1000,
  priority: 'medium',
}
const full: JobRequest = {
  ...example,
  inputs: { 'ballots.csv': example.wasm_cid },
  args: ['--by', 'year'],
  scope: 'default',
  min_memory: 512,
  min_cpu: 2,
  max_bid: 200,
  reputation_min: 80,
  deadline_ms: 600_000,
  required_validators: 3,
  federation_quorum: 500_000,
  selection: { price: 400_000, resources: 200_000, reputation: 300_000, timeliness: 100_000 },
}
const { priority: _, ...without } = example

const REFUSED: [name: string, value: object][] = [
  ['no priority', without],
  ['an unknown argument', { ...example, colour: 'red' }],
  ['a module that is no CID', { ...example, wasm_cid: 'example.wasm' }],
  ['a module that is a record', { ...example, wasm_cid: `${CHAIN.token.cid}` }],
  ['a module in capitals', { ...example, wasm_cid: example.wasm_cid.toUpperCase() }],
  ['an amount as text', { ...example, resource_amount: '1000' }],
  ['a negative amount', { ...example, resource_amount: -1 }],
  ['an unknown resource', { ...example, resource_type: 'gold' }],
  ['an unknown priority', { ...example, priority: 'urgent' }],
  ['an input called ..', { ...example, inputs: { '..': example.wasm_cid } }],
  [
    '65 inputs',
    {
      ...example,
      inputs: Object.fromEntries(
        Array.from({ length: 65 }, (_, n) => [`in-${n}`, example.wasm_cid]),
      ),
    },
  ],
  ['weights that do not sum to 10^6', { ...full, selection: { ...full.selection, price: 0 } }],
  ['a quorum above 1', { ...example, federation_quorum: 1_000_001 }],
  ['more memory than there can be', { ...example, min_memory: 2049 }],
]

export function jobRequestVectors(): VectorFile {
  return {
    about: 'The map of mesh.host_submit_job(ptr, len): CCL names, DAG-CBOR; bytes in base64.',
    accepted: [
      ['the five arguments', example] as const,
      ['everything a program can say', full] as const,
    ].map(([name, value]) => ({
      name,
      bytes: base64(encodeBlock(value).bytes),
      value: toJson(value),
    })),
    refused: REFUSED.map(([name, value]) => ({
      name,
      code: 'RECORD_MALFORMED',
      bytes: base64(encodeBlock(value).bytes),
    })),
  }
}
