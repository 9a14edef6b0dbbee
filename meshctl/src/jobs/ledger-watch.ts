/** Says that the ledger is away, for as long as a command waits for something. */
import { note } from '../cli/terminal.ts'
import type { Mesh } from './with-mesh.ts'

const EVERY_MS = 2000

/** Asks the node now and then, and says on stderr when the log writer goes and comes back. */
export function watchLedger(mesh: Mesh): { end(): void } {
  let isAway = false
  let ended = false
  const look = async () => {
    const node = await mesh.client.node().catch(() => undefined)
    // a node that does not answer says nothing of the ledger
    if (ended || node === undefined || node.log.writerConnected !== isAway) return
    isAway = !isAway
    note(isAway ? 'waiting for the ledger …\n' : 'the ledger is back\n')
  }
  const timer = setInterval(() => void look(), EVERY_MS)
  return {
    end() {
      ended = true
      clearInterval(timer)
    },
  }
}
