/** `ccl inspect`: everything that is in a text, and what of it nothing acts on. */
import type { Checked } from '../check.ts'
import type { Program } from '../ir/ir.ts'
import { EXIT, type Exit } from './exit.ts'
import { effectText, print, printJson } from './terminal.ts'
import { readChecked } from './text-files.ts'

export async function inspectFile(
  file: string,
  { json, values }: { json: boolean; values: string | undefined },
): Promise<Exit> {
  const checked = await readChecked(file, json, values)
  if (checked === null) return EXIT.usage
  const { requests, effects, descriptive, parameters } = checked
  const units = checked.programs.map(unitOf)
  const tests = checked.tests.map(({ test, name }) => ({ test, case: name }))
  if (json) printJson({ ok: true, file, requests, effects, units, tests, parameters, descriptive })
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

function asText(checked: Checked): string {
  const { requests, effects, programs, tests, descriptive, parameters } = checked
  const lines: string[] = []
  for (const request of requests) {
    const { description, resource_amount, resource_type } = request
    lines.push(`job "${description}": ${resource_amount} ${resource_type}`)
  }
  for (const effect of effects) lines.push(`asks for ${effectText(effect)}`)
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
  if (parameters.length > 0) {
    lines.push(`parameters without a value: ${parameters.map(({ name }) => name).join(', ')}`)
  }
  if (descriptive.length > 0) lines.push('Descriptive only; nothing acts on it:')
  for (const { path, text, span } of descriptive) {
    lines.push(`  ${path}: ${text.split('\n')[0]} (line ${span.line})`)
  }
  return `${lines.join('\n')}\n`
}
