/** `ccl cost` and `ccl inspect`: what a text costs at most, and everything that is in it. */
import { boundsOf, type Checked, type Program } from '@planetary-mesh/ccl-compiler'
import { LIMITS } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { table } from '../cli/table.ts'
import { print, printJson } from '../cli/terminal.ts'
import { readChecked } from './read-text.ts'

/**
 * One step is at most this much fuel: looking at one entry of a list compares two words of 1,024
 * bytes, eight at a time, with 15 instructions each.
 */
const STEP_FUEL_MAX = 2048

export async function costFile(file: string, json = false): Promise<Exit> {
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
  const columns = [
    { title: 'Rule', width: 24 },
    { title: 'Steps', width: 12, align: 'right' as const },
  ]
  for (const { program, bounds } of units) {
    const rows = program.rules.map(({ name }, index) => [
      name,
      withCommas(bounds.rules[index] ?? 0),
    ])
    if (program.score !== null) rows.push(['score and tie_break', withCommas(bounds.keys)])
    if (bounds.on > 0) rows.push(['on allow, on deny', withCommas(bounds.on)])
    rows.push(['together', withCommas(bounds.total)])
    const cu = inUnits(bounds.total)
    print(`${program.kind} ${program.name}\n${table(columns, rows)}At most ${cu} cu a decision.\n`)
  }
  return EXIT.done
}

const inUnits = (steps: number) => ((steps * STEP_FUEL_MAX) / LIMITS.fuelPerUnit).toPrecision(3)

export async function inspectFile(file: string, json = false): Promise<Exit> {
  const checked = await readChecked(file, json)
  if (checked === null) return EXIT.usage
  const { requests, descriptive } = checked
  const units = checked.programs.map(unitOf)
  const tests = checked.tests.map(({ test, name }) => ({ test, case: name }))
  if (json) printJson({ ok: true, file, requests, units, tests, descriptive })
  else print(asText(checked))
  return EXIT.done
}

function unitOf(program: Program) {
  const { kind, name, resource, scope, inputs, rules, actions } = program
  return {
    ...{ kind, name, resource, scope },
    inputs: inputs.map(({ path, type }) => ({ path, type: type.is })),
    actions: actions.map(({ name }) => name),
    rules: rules.map(({ name, effect, because, cite }) => ({ name, effect, because, cite })),
  }
}

function asText({ requests, programs, tests, descriptive }: Checked): string {
  const lines: string[] = []
  for (const request of requests) {
    const { description, resource_amount, resource_type } = request
    lines.push(`job "${description}": ${resource_amount} ${resource_type}`)
  }
  for (const { kind, name, resource, scope, inputs, rules, actions } of programs) {
    const where = [resource, scope].filter((word) => word !== null).join(' in ')
    lines.push(`${kind} ${name}${where === '' ? '' : ` for ${where}`}`)
    lines.push(`  asks for: ${inputs.map(({ path }) => path).join(', ') || 'nothing'}`)
    if (actions.length > 0) {
      lines.push(`  may ask for: ${actions.map(({ name }) => name).join(', ')}`)
    }
    for (const rule of rules) {
      const why = rule.because === null ? '' : `: ${rule.because}`
      lines.push(`  ${rule.effect} ${rule.name}${why}`)
    }
  }
  if (tests.length > 0) lines.push(`${tests.length} test cases`)
  if (descriptive.length > 0) lines.push('Descriptive only; nothing acts on it:')
  for (const { path, text, span } of descriptive) {
    lines.push(`  ${path}: ${text.split('\n')[0]} (line ${span.line})`)
  }
  return `${lines.join('\n')}\n`
}
