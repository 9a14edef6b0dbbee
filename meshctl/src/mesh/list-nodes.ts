/** `meshctl list-nodes`: the machines of the federation, and what the node that is asked knows. */
import type { ControlClient } from '@planetary-mesh/peer'
import { EXIT, type Exit } from '../cli/exit.ts'
import { table } from '../cli/table.ts'
import { print, printable, printJson } from '../cli/terminal.ts'
import { type MeshOptions, withMesh } from '../jobs/with-mesh.ts'
import { byName } from './mesh.ts'

type Node = Awaited<ReturnType<ControlClient['nodes']>>[number]

const COLUMNS = [
  { title: 'Node ID', width: 16 },
  { title: 'Roles', width: 24 },
  { title: 'State', width: 9 },
  { title: 'Slots', width: 8 },
  { title: 'Memory', width: 10 },
  { title: 'Cores', width: 7 },
  { title: 'Location', width: 11 },
  { title: 'Scopes', width: 8 },
]
const PAGES_PER_MIB = 16

export function listNodes(options: MeshOptions): Promise<Exit> {
  return withMesh(options, async ({ client }) => {
    const nodes = await client.nodes()
    nodes.sort((a, b) => byName(a.name, b.name))
    if (options.json) printJson({ nodes })
    else print(table(COLUMNS, nodes.map(rowOf)))
    return EXIT.done
  })
}

/** What is not known of a node that was not heard is left empty. */
function rowOf({ name, roles, state, capacity }: Node): string[] {
  const known =
    capacity === null
      ? ['', '', '', '', '']
      : [
          `${capacity.freeSlots}/${capacity.slots}`,
          `${Math.floor(capacity.memoryPages / PAGES_PER_MIB)} MiB`,
          String(capacity.cores),
          printable(capacity.location),
          capacity.scopes.length === 0 ? 'all' : printable(capacity.scopes.join(' ')),
        ]
  return [printable(name), roles.join(' '), state, ...known]
}
