/** Jobs whose files are to be kept: a small module, a line of stdin, an input of three blocks. */
import { type CID, encodeFile, type Manifest } from '@planetary-mesh/spec'
import { type BodyOf, makeManifest, makeToken } from '../../spec/test/rules/world.ts'
import { bytesOf } from './exams/refuses.ts'

const TOKEN = makeToken()
export const refOf = ({ cid, bytes }: { cid: CID; bytes: number }) => ({ cid, bytes })
export const module = encodeFile(bytesOf('\0asm fresh'))
export const words = encodeFile(bytesOf('in\n'))
export const ballots = encodeFile(new Uint8Array(2_500_000).map((_, at) => at % 253))
export const FILES = [module, words, ballots].flatMap(({ blocks }) => blocks)

let jobs = 0
/** A job of its own, by default of the three files above. */
export function jobOf(over: Partial<BodyOf<typeof Manifest>> = {}): Manifest {
  jobs += 1
  return makeManifest(TOKEN, {
    description: `job ${jobs}`,
    module: refOf(module),
    stdin: refOf(words),
    inputs: [{ name: 'ballots.csv', file: refOf(ballots) }],
    ...over,
  })
}
