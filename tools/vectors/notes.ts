/** Checkpoints and cosignatures as notes, and the blocks of the log that hold them. */
import {
  Anchor,
  appendLeaf,
  type Block,
  type Checkpoint,
  Cosignature,
  cosign,
  encodeBlock,
  LogEntry,
  NO_PEAKS,
  originOf,
  rootOf,
  type Signer,
  signCheckpoint,
} from '@planetary-mesh/spec'
import { base58btc } from 'multiformats/bases/base58'
import { CHAIN } from './chain.ts'
import { base64, type Json, toJson, type VectorFile } from './json.ts'
import { dora, emil, mallory } from './people.ts'

const atMs = 1_760_000_000_500
const logged = [CHAIN.charter, CHAIN.token, CHAIN.hold, CHAIN.decision]
const entries = logged.map((record, n) => ({ record: record.cid, atMs: atMs + n }))
const entryBlocks = entries.map((entry) => LogEntry.encode(entry))
const root = rootOf(entryBlocks.reduce((peaks, { cid }) => appendLeaf(peaks, cid.bytes), NO_PEAKS))
const checkpoint: Checkpoint = {
  origin: originOf(CHAIN.charter.cid),
  size: entries.length,
  root,
  charter: CHAIN.charter.cid,
}
const note = signCheckpoint(checkpoint, dora)
const cosigned = cosign(note, { atMs: atMs + 900 }, emil)
const anchor = {
  previous: null,
  entries: entryBlocks.map((block) => block.cid),
  size: entries.length,
  root,
  charter: CHAIN.charter.cid,
  checkpoint: note,
}

export function noteVectors(): VectorFile {
  const empty = { ...checkpoint, size: 0, root: rootOf(NO_PEAKS) }
  const large = { ...checkpoint, size: Number.MAX_SAFE_INTEGER }
  const checkpoints = [checkpoint, empty, large].map((said) => ({
    type: 'checkpoint',
    note: signCheckpoint(said, dora),
    writer: dora.did,
    value: toJson(said),
  }))
  const cosignatures = [0, atMs + 900].map((time) => ({
    type: 'cosignature',
    note: cosign(note, { atMs: time }, emil),
    value: { ...(toJson(checkpoint) as object), witness: emil.did, atMs: time - (time % 1000) },
  }))
  return {
    about:
      'C2SP checkpoints, opened for the writer named, and cosignature/v1 notes, which name their ' +
      'witness. One extension line: the charter in force.',
    accepted: [...checkpoints, ...cosignatures],
    refused: [...brokenCheckpoints(), ...brokenCosignatures()],
  }
}

/** A note over any text, signed well: only what it says can be wrong. */
function resigned(text: string, signer: Signer = dora, name = checkpoint.origin): string {
  const honest = signCheckpoint({ ...checkpoint, origin: name }, signer)
  const [line = ''] = honest.match(/— .*\n$/u) ?? []
  const bytes = Buffer.from(line.split(' ')[2] as string, 'base64')
  const signature = signer.sign(new TextEncoder().encode(text))
  return `${text}\n— ${name} ${base64(Buffer.concat([bytes.subarray(0, 4), signature]))}\n`
}

function brokenCheckpoints(): Json[] {
  const text = `${note.split('\n\n')[0]}\n`
  const [origin = '', size = '', hash = '', charter = ''] = text.split('\n')
  const lines = (...parts: string[]) => resigned(`${parts.join('\n')}\n`)
  const cases: [name: string, note: string][] = [
    ['nothing', ''],
    ['only the text', text],
    ['signed by mallory', signCheckpoint(checkpoint, mallory)],
    ['another size', note.replace(`\n${size}\n`, '\n5\n')],
    ['another root', note.replace(hash, base64(rootOf(NO_PEAKS)))],
    ['another charter', note.replace(charter, `charter ${CHAIN.token.cid}`)],
    ['another origin', note.replaceAll(origin, originOf(CHAIN.token.cid))],
    ['signed by another name', resigned(text, dora, 'planetary-mesh')],
    ['signed twice', note + note.slice(note.indexOf('— '))],
    ['a cosignature for a signature', cosigned],
    ['a size with a zero in front', lines(origin, `0${size}`, hash, charter)],
    ['a size with a plus', lines(origin, `+${size}`, hash, charter)],
    ['a size with an exponent', lines(origin, '4e0', hash, charter)],
    ['a negative size', lines(origin, '-4', hash, charter)],
    ['a size of 2^53', lines(origin, '9007199254740992', hash, charter)],
    ['no size', lines(origin, '', hash, charter)],
    ['a root without padding', lines(origin, size, hash.replace('=', ''), charter)],
    [
      'a root in base64url',
      lines(origin, size, hash.replaceAll('+', '-').replaceAll('/', '_'), charter),
    ],
    ['a root of 31 bytes', lines(origin, size, base64(root.slice(1)), charter)],
    ['no charter', lines(origin, size, hash)],
    ['an empty charter line', lines(origin, size, hash, '')],
    ['two charters', lines(origin, size, hash, charter, charter)],
    ['a charter without its word', lines(origin, size, hash, charter.slice(8))],
    [
      'a charter that is a file',
      lines(origin, size, hash, `charter ${CHAIN.receipt.body.result.output.cid}`),
    ],
    [
      'a charter in base58',
      lines(origin, size, hash, `charter ${CHAIN.charter.cid.toString(base58btc)}`),
    ],
    ['another extension', lines(origin, size, hash, charter, 'hello')],
    ['a space at the end of a line', lines(origin, `${size} `, hash, charter)],
    ['carriage returns', note.replaceAll('\n', '\r\n')],
    ['a hyphen for the dash', note.replace('— ', '- ')],
    ['two spaces', note.replace('— ', '—  ')],
    ['no line end', note.slice(0, -1)],
    ['a line more', `${note}\n`],
    ['a line in front', `\n${note}`],
    ['a byte order mark', `\uFEFF${note}`],
    ['a signature with a bit changed', flipped(note)],
    ['padding with other bits', note.replace(/.=\n$/u, 'B=\n')],
    ['5000 characters', `${note}${'x'.repeat(5000)}`],
  ]
  return cases
    .filter(([, broken]) => broken !== note)
    .map(([name, broken]) => ({
      type: 'checkpoint',
      name,
      code: 'CHECKPOINT_INVALID',
      note: broken,
      writer: dora.did,
    }))
}

function brokenCosignatures(): Json[] {
  const cases: [name: string, note: string][] = [
    ['nothing', ''],
    ['the checkpoint itself', note],
    ['another size', cosigned.replace('\n4\n', '\n5\n')],
    ['another witness', cosigned.replace(emil.did, mallory.did)],
    ['a witness without a key', cosigned.replace(emil.did, 'emil')],
    ['another time', retimed(1n)],
    ['a time of 2^63', retimed(2n ** 63n)],
    ['a signature with a bit changed', flipped(cosigned)],
    ['both signatures', `${note}${cosigned.slice(cosigned.indexOf('— '))}`],
    ["the writer's line under the witness's name", note.replace(/— \S+/u, `— ${emil.did}`)],
  ]
  return cases.map(([name, broken]) => ({
    type: 'cosignature',
    name,
    code: 'CHECKPOINT_INVALID',
    note: broken,
  }))
}

function editSignature(text: string, edit: (bytes: Buffer) => void): string {
  return text.replace(/ (\S+)\n$/u, (_, encoded: string) => {
    const bytes = Buffer.from(encoded, 'base64')
    edit(bytes)
    return ` ${base64(bytes)}\n`
  })
}

const flipped = (text: string) =>
  editSignature(text, (bytes) => bytes.writeUInt8((bytes.at(-1) as number) ^ 1, bytes.length - 1))
const retimed = (seconds: bigint) =>
  editSignature(cosigned, (bytes) => bytes.writeBigUInt64BE(seconds, 4))

/** The files of the log's own blocks. */
export function logVectors(): [name: string, VectorFile][] {
  const [entry, block] = [entries[0], entryBlocks[0]] as [object, Block]
  const anchored = Anchor.encode(anchor)
  const second = { ...anchor, previous: anchored.cid }
  const witness = { anchor: anchored.cid, note: cosigned }
  return [
    file(
      'entry',
      [[entry, block]],
      [
        ['no record', { ...entry, record: null }],
        ['a file for a record', { ...entry, record: CHAIN.manifest.body.module.cid }],
        ['a time before 1970', { ...entry, atMs: -1 }],
        ['no time', { record: CHAIN.token.cid }],
        ['an author', { ...entry, author: dora.did }],
      ],
    ),
    file(
      'anchor',
      [
        [anchor, anchored],
        [second, Anchor.encode(second)],
      ],
      [
        ['no entries', { ...anchor, entries: [] }],
        ['101 entries', { ...anchor, entries: Array(101).fill(block.cid) }],
        ['a root of 31 bytes', { ...anchor, root: root.slice(1) }],
        ['a negative size', { ...anchor, size: -1 }],
        ['a checkpoint of 4097 bytes', { ...anchor, checkpoint: 'x'.repeat(4097) }],
        ['a cosignature inside', { ...anchor, cosignatures: [] }],
      ],
    ),
    file(
      'cosignature',
      [[witness, Cosignature.encode(witness)]],
      [
        ['no anchor', { ...witness, anchor: null }],
        ['a note as bytes', { ...witness, note: new Uint8Array(3) }],
        ['a witness beside the note', { ...witness, witness: emil.did }],
      ],
    ),
  ]
}

function file(
  name: string,
  accepted: [value: object, block: Block][],
  refused: [name: string, value: object][],
): [string, VectorFile] {
  return [
    name,
    {
      about: `The ${name} block of a log, which nobody signs. Bytes in base64.`,
      accepted: accepted.map(([value, { cid, bytes }], index) => ({
        name: index === 0 ? `the first ${name}` : `the next ${name}`,
        cid: `${cid}`,
        bytes: base64(bytes),
        value: toJson(value),
      })),
      refused: refused.map(([why, value]) => ({
        name: why,
        code: 'RECORD_MALFORMED',
        bytes: base64(encodeBlock(value).bytes),
      })),
    },
  ]
}
