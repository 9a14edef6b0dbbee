/**
 * One fresh process of the replays: runs the guests whose numbers it is given, each in a slot of a
 * new sandbox without any cache, and prints a line of JSON for each.
 */
import { encodeDirectory, encodeFile } from '@planetary-mesh/spec'
import { openSandbox } from '../../src/index.ts'
import { endOf, replayedGuests } from './guests.ts'

const [least = '', ...numbers] = process.argv.slice(2)
const guests = replayedGuests(Number(least))
const sandbox = await openSandbox({ slots: 1, spares: 0 })
try {
  for (const number of numbers) {
    const guest = guests[Number(number)]
    if (guest === undefined) throw new Error(`there is no guest ${number}`)
    const result = await sandbox.run(guest.input)
    const { outcome, fuel, memoryPages, hostCallDigest, profile } = result
    const end = endOf(outcome)
    if (end !== guest.end) throw new Error(`${guest.name}: ${end}, and not ${guest.end}`)
    const seen = {
      outcome,
      fuel,
      memoryPages,
      stdout: `${encodeFile(result.stdout).cid}`,
      stderr: `${encodeFile(result.stderr).cid}`,
      output: `${encodeDirectory(result.outputs).cid}`,
      hostCallDigest: Buffer.from(hostCallDigest).toString('hex'),
      profile,
    }
    process.stdout.write(`${JSON.stringify({ name: guest.name, seen })}\n`)
  }
} finally {
  await sandbox.close()
}
