/** Advice about texts that are right: what a careful reader would ask. Warnings, never errors. */
import type { Problems } from '../diagnostic.ts'
import { shown } from '../messages.ts'
import type { CheckedCore } from './check-core.ts'
import { runTests } from './run-tests.ts'

/** Reports rules without a reason, and rules that no test saw both fire and stay quiet. */
export function lint(core: CheckedCore, problems: Problems): void {
  const seen = new Map(runTests(core).rules.map((rule) => [`${rule.unit} ${rule.rule}`, rule]))
  for (const program of core.programs) {
    for (const rule of program.rules) {
      if (rule.because === null) problems.add('CCL0701', rule.range, shown(rule.name))
      const { fired = true, quiet = true } = seen.get(`${program.name} ${rule.name}`) ?? {}
      if (fired && quiet) continue
      const missing = fired ? 'stay quiet' : quiet ? 'fire' : 'fire or stay quiet'
      problems.add('CCL0702', rule.range, shown(rule.name), missing)
    }
  }
}
