/** `ccl test`: runs the tests that stand in CCL texts, and says which rules they saw. */
import { runTests, type TestReport } from '../core/run-tests.ts'
import { EXIT, type Exit } from './exit.ts'
import { counted, print, printJson } from './terminal.ts'
import { readChecked } from './text-files.ts'

export async function testFiles(files: readonly string[], json: boolean): Promise<Exit> {
  let exit: Exit = EXIT.done
  const reports: ({ file: string } & TestReport)[] = []
  for (const file of files) {
    const checked = await readChecked(file, json)
    if (checked === null) return EXIT.usage
    const report = runTests(checked)
    if (report.failed > 0) exit = EXIT.negative
    reports.push({ file, ...report })
    if (!json) print(asText(file, report))
  }
  if (json) printJson({ ok: exit === EXIT.done, files: reports })
  return exit
}

function asText(file: string, report: TestReport): string {
  const lines = report.cases.map(({ test, case: name, passed, failures }) => {
    const title = name === null ? test : `${test}, case ${name}`
    return [`  ${passed ? '✓' : '✗'} ${title}`, ...failures.map((why) => `      ${why}`)].join('\n')
  })
  const unseen = report.rules.filter(({ fired, quiet }) => !fired || !quiet)
  for (const { unit, rule, fired, quiet } of unseen) {
    const never = fired || quiet ? (fired ? 'quiet' : 'firing') : 'at all'
    lines.push(`  · no test saw ${unit}.${rule} ${never}`)
  }
  const seen = report.rules.length - unseen.length
  const total = `${report.passed} of ${counted(report.cases.length, 'case')} passed`
  const rules = `${seen} of ${counted(report.rules.length, 'rule')} seen both ways`
  return [`${file}`, ...lines, `  ${total}, ${rules}`, ''].join('\n')
}
