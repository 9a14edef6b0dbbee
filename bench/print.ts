/** A bench's rows as people read them; a program reads the same rows as JSON. */
import type { Row } from './measure.ts'
import type { Settings } from './settings.ts'

const WIDTHS = { what: 28, rate: 12, ratio: 7, spread: 13 }

export function settingsText(settings: Settings): string {
  const { node, v8, platform, cpu, cores, load, profile, pairs, sampleMs, startedAt } = settings
  return [
    `${startedAt}  node ${node} (V8 ${v8}) ${platform}`,
    `${cores} cores of ${cpu}, load ${load}; profile ${profile}`,
    `medians of ${pairs} pairs that ran in turns, short things for ${sampleMs} ms or more each` +
      (settings.quick ? '; quick: too short to mean much' : ''),
    '',
    [
      'what'.padEnd(WIDTHS.what),
      'per second'.padStart(WIDTHS.rate),
      'reference'.padStart(WIDTHS.rate),
      'ratio'.padStart(WIDTHS.ratio),
      'quartiles'.padStart(WIDTHS.spread),
      '  against',
    ].join(''),
    '',
  ].join('\n')
}

export function rowText(row: Row): string {
  const [low, high] = row.quartiles
  const facts = Object.entries(row.facts).map(([name, value]) => `${name} ${value}`)
  const line = [
    row.what.padEnd(WIDTHS.what),
    rate(row.perSecond).padStart(WIDTHS.rate),
    rate(row.againstPerSecond).padStart(WIDTHS.rate),
    row.ratio.toFixed(2).padStart(WIDTHS.ratio),
    `${low.toFixed(2)}-${high.toFixed(2)}`.padStart(WIDTHS.spread),
    `  ${row.against}`,
  ].join('')
  return `${line}\n  ${facts.join(', ')}\n`
}

/** Four digits: more would be noise. */
const rate = (perSecond: number) =>
  perSecond >= 1000 ? String(Math.round(perSecond)) : perSecond.toPrecision(4)
