/** Sums up the CPU profiles that processes left in a folder: which code took how much. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type Profile = {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[]
  samples: number[]
  timeDeltas: number[]
}

const SHOWN_PERMILLE = 10

/** A block of lines for each profile; parts below 1 % of the time are left out. */
export function profilesText(folder: string): string {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .map((name) => {
      const profile: Profile = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      return `${name}\n${linesOf(profile)}`
    })
    .join('')
}

function linesOf({ nodes, samples, timeDeltas }: Profile): string {
  const parts = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]))
  const times = new Map<string, number>()
  samples.forEach((id, at) => {
    const part = parts.get(id) ?? ''
    times.set(part, (times.get(part) ?? 0) + Math.max(0, timeDeltas[at] ?? 0))
  })
  const idle = times.get('(idle)') ?? 0
  times.delete('(idle)')
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0)
  const share = (time: number) => `${((100 * time) / busy).toFixed(1)} %`
  const shown = [...times].filter(([, time]) => (1000 * time) / busy >= SHOWN_PERMILLE)
  const lines = shown
    .sort(([, a], [, b]) => b - a)
    .map(([part, time]) => `  ${share(time).padStart(7)}  ${part}\n`)
  const whole = Math.round((100 * busy) / (busy + idle))
  return `  busy ${(busy / 1e6).toFixed(1)} s, ${whole} % of its time; of that:\n${lines.join('')}`
}

/** A package, a room's folder, a builtin of Node, or what V8 says in brackets. */
function partOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  const [, scope] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? []
  if (scope !== undefined) return scope
  const [, room] = /\/((?:spec|peer|runtime|mesh-node|federation)\/src\/[^/]+)/.exec(url) ?? []
  if (room !== undefined) return room
  if (url.startsWith('node:')) return url
  return url === '' && functionName.startsWith('(') ? functionName : `native ${functionName}`
}
