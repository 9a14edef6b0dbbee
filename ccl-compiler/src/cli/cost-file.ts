/** `ccl cost`: how many steps each rule takes at most, and what a decision costs at most. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { boundsOf } from '../ir/cost.ts'
import { EXIT, type Exit } from './exit.ts'
import { print, printJson, withCommas } from './terminal.ts'
import { readChecked } from './text-files.ts'

/**
 * One step is at most this much fuel: looking at one entry of a list compares two words of 1,024
 * bytes, eight at a time, with 15 instructions each.
 */
const STEP_FUEL_MAX = 2048

export async function costFile(file: string, json: boolean): Promise<Exit> {
  const checked = await readChecked(file, json)
  if (checked === null) return EXIT.usage
  const units = checked.programs.map((program) => ({ program, bounds: boundsOf(program) }))
  if (json) {
    printJson({
      ok: true,
      file,
      units: units.map(({ program, bounds }) => ({
        name: program.name,
        rules: program.rules.map(({ name }, index) => ({ name, steps: bounds.rules[index] })),
        steps: bounds.total,
        cu: inUnits(bounds.total),
      })),
    })
    return EXIT.done
  }
  for (const { program, bounds } of units) {
    const rows = program.rules.map(({ name }, index) => [
      name,
      withCommas(bounds.rules[index] ?? 0),
    ])
    if (program.score !== null) rows.push(['score and tie_break', withCommas(bounds.keys)])
    if (bounds.on > 0) rows.push(['on allow, on deny', withCommas(bounds.on)])
    rows.push(['together', withCommas(bounds.total)])
    const cu = inUnits(bounds.total)
    print(`${program.kind} ${program.name}\n${table(rows)}At most ${cu} cu a decision.\n`)
  }
  return EXIT.done
}

const inUnits = (steps: number) => ((steps * STEP_FUEL_MAX) / LIMITS.fuelPerUnit).toPrecision(3)

/** Names, and steps under one another. */
function table(rows: readonly (readonly string[])[]): string {
  const lines = [['Rule', 'Steps'], ...rows]
  const widths = [0, 1].map((at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)))
  const [name = 0, steps = 0] = widths
  const shown = lines.map((line) => `${line[0]?.padEnd(name)}  ${line[1]?.padStart(steps)}\n`)
  shown.splice(1, 0, `${'-'.repeat(name + 2 + steps)}\n`)
  return shown.join('')
}
