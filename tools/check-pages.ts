/**
 * Finds what a page names and the repository does not have: paths, links, symbols, npm scripts.
 * Only what is written as code or as a link counts, and code blocks count for npm scripts alone.
 */

/** What there is to name. `source` is the text of all source files. */
export type There = {
  exists: (path: string) => boolean
  scripts: readonly string[]
  source: string
}

const FENCE = /^```[\s\S]*?^```/gm
const CODE = /`([^`\n]+)`/g
const LINK = /\]\(([^)\s]+)\)/g
const SCRIPT = /\bnpm run ([\w:-]+)/g
const PATH = /^(\.?[\w@][\w@.-]*\/)*\.?[\w@][\w@.-]*\/?$/
const SOURCE_FILE = /\.(ts|js|mjs|md|sh|c|ccl|wit)$/
const CALL = /^([A-Za-z_$][\w$]*)\(.*\)$/
/** camelCase, or PascalCase with a small letter: an identifier and not a word of the sentence. */
const IDENTIFIER = /^(?:[a-z]+[A-Z][\w$]*|[A-Z][a-z][\w$]*)$/

/** The names on the page that mean nothing here, each once, in the page's order. */
export function danglingNames(page: string, there: There): string[] {
  const prose = page.replace(FENCE, '')
  const code = [...prose.matchAll(CODE)].map(([, inside]) => inside as string)
  const links = [...prose.matchAll(LINK)]
    .map(([, target]) => (target as string).replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
  const scripts = [...page.matchAll(SCRIPT)].map(([, name]) => name as string)
  return [
    ...new Set([
      ...code.filter((name) => !isThere(name, there)),
      ...links.filter((target) => !there.exists(target)),
      ...scripts.filter((name) => !there.scripts.includes(name)).map((name) => `npm run ${name}`),
    ]),
  ]
}

function isThere(name: string, there: There): boolean {
  if (isPath(name, there)) return there.exists(name.replace(/^@planetary-mesh\//, ''))
  const symbol = CALL.exec(name)?.[1] ?? (IDENTIFIER.test(name) ? name : undefined)
  return symbol === undefined || new RegExp(`\\b${symbol}\\b`).test(there.source)
}

/** A path ends with `/` or as source does, or begins with a folder that is there. */
function isPath(name: string, { exists }: There): boolean {
  if (!PATH.test(name)) return false
  if (name.endsWith('/') || SOURCE_FILE.test(name)) return true
  if (name.startsWith('@planetary-mesh/')) return true
  return name.includes('/') && exists(name.slice(0, name.indexOf('/')))
}
