/** `meshctl up` and `down`: the processes of a home, started and stopped together. */

import { once } from 'node:events'
import { resolve } from 'node:path'
import { EXIT, type Exit } from '../cli/exit.ts'
import { type CleanUp, interruptible } from '../cli/interrupt.ts'
import { pairs } from '../cli/table.ts'
import { note, print, printable, printJson } from '../cli/terminal.ts'
import { configFile, homeFolder, isThere } from '../state/places.ts'
import { found, type Size } from './init.ts'
import { chooseProcesses, ensureListen, type StartOptions, startMesh, stopMesh } from './mesh.ts'
import { lastLines, type Running, StartRefusal } from './processes.ts'

export type UpOptions = {
  nodes?: number
  federation?: number
  listen?: string
  detach?: true
  json?: true
}

const SIZE: Size = { nodes: 3, federation: 3 }
const FOUNDED = { name: 'member-1', federation: 'local' }

export function up(options: UpOptions): Promise<Exit> {
  return interruptible(async (cleanUps, signal) => {
    const { nodes, federation, listen, detach = false, json } = options
    ensureListen(listen)
    const home = resolve(homeFolder())
    if (!(await isThere(configFile(home)))) {
      const size = { nodes: nodes ?? SIZE.nodes, federation: federation ?? SIZE.federation }
      const made = await found(home, FOUNDED, size)
      note(`Made ${printable(home)} with the charter ${made.charter}\n`)
    }
    const names = await chooseProcesses(home, { nodes, federation })
    const onServing = progress(names.length)
    const mesh = await startIn(cleanUps, home, names, { detach, listen, onServing, signal })
    if (json) printJson(mesh.map(jsonOf))
    else print(textOf(mesh, detach))
    if (detach) {
      cleanUps.pop()
      return EXIT.done
    }
    return untilTheyEnd(mesh)
  })
}

/**
 * Starts a mesh that is stopped among `cleanUps`, even if they are due before all of it serves.
 * What a process that failed said last is told on stderr.
 */
export async function startIn(
  cleanUps: CleanUp[],
  home: string,
  names: readonly string[],
  options: StartOptions,
): Promise<Running[]> {
  const starting = startMesh(home, names, options)
  cleanUps.push(async () => {
    const running = await starting.catch(() => [])
    await stopMesh(running)
  })
  return starting.catch((thrown) => {
    if (thrown instanceof StartRefusal) tellLog(thrown.lines, thrown.logFile)
    throw thrown
  })
}

const tellLog = (lines: readonly string[], file: string) =>
  note(`The last of ${printable(file)}:\n${lines.map((line) => `  ${printable(line)}\n`).join('')}`)

function progress(total: number): (running: Running) => void {
  let serving = 0
  return ({ name }) => {
    serving += 1
    if (process.stderr.isTTY) note(`${serving} of ${total} serve: ${name}\n`)
  }
}

/** One that ends by itself is named; the others go on. */
export async function untilTheyEnd(mesh: readonly Running[]): Promise<Exit> {
  const ends = mesh.map(async ({ name, folder, child }) => {
    if (child === undefined) return EXIT.done
    child.ref()
    child.channel?.ref()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    if (child.exitCode === 0) return EXIT.done
    const how = child.signalCode ?? `exit code ${child.exitCode}`
    note(`${name} ended by itself (${how}); run \`meshctl up\` again to start it\n`)
    tellLog(await lastLines(folder), folder)
    return EXIT.refused
  })
  const exits = await Promise.all(ends)
  return exits.find((exit) => exit !== EXIT.done) ?? EXIT.done
}

export const jsonOf = ({ name, run, child }: Running) => ({
  name,
  did: run.did,
  pid: run.pid,
  addresses: run.addresses,
  control: run.control.url,
  started: child !== undefined,
})

export function textOf(mesh: readonly Running[], detach: boolean): string {
  const rows = mesh.map(({ name, run, child }): [string, string] => {
    const before = child === undefined ? ', was running' : ''
    return [
      printable(name),
      `pid ${run.pid}${before}, ${run.addresses.map((one) => printable(one)).join(' ')}`,
    ]
  })
  const end = detach ? 'Stop them with `npx meshctl down`.' : 'Ctrl-C stops them.'
  return `${pairs(rows)}All ${mesh.length} serve. ${end}\n`
}
