/**
 * The tables of the tidy test: which room may import which, how long things may be, which words
 * and names are not used here. Change a table when the architecture changes, in the same commit.
 */

/** A room may import these rooms and no others. Every arrow points down. */
export const MAY_IMPORT: Record<string, readonly string[]> = {
  spec: [],
  'ccl-compiler': ['spec'],
  runtime: ['spec'],
  peer: ['spec'],
  'mesh-node': ['spec', 'peer', 'runtime'],
  federation: ['spec', 'peer', 'runtime'],
  meshctl: ['spec', 'peer', 'ccl-compiler', 'runtime'],
}

/** The rooms of the roles. Of rooms their steps import spec alone; their bins also what acts. */
export const ROLE_ROOMS = ['mesh-node', 'federation']

/** What steps may import beside spec: pure, for the shape of what they wrote to their journal. */
export const STEP_PACKAGES: readonly string[] = ['zod']

/** The file of a role room that is its bin: it joins steps to a peer and a runtime. */
export const isBin = (path: string) => /^[a-z-]+\/src\/(bin\/.*|bin|main)\.ts$/.test(path)

/** What a room may name although no arrow leads there, to start a program by its path. */
export const NAMED_BY_PATH: Record<string, readonly string[]> = {
  meshctl: ['@planetary-mesh/mesh-node/bin', '@planetary-mesh/federation/bin'],
}

/** Files that may import() what is not written as one string. */
export const COMPUTED_IMPORTS: readonly string[] = [
  'meshctl/bin/start.js',
  'peer/src/libp2p/helia-light.ts',
]

/** The builtins of Node that a part may import; the first line that matches counts, none is all. */
export const BUILTINS: readonly { part: RegExp; may: readonly string[] }[] = [
  { part: /^spec\/src\/rules\//, may: [] },
  { part: /^spec\/src\//, may: ['node:crypto', 'node:assert', 'node:assert/strict'] },
  { part: /^ccl-compiler\/src\/(?!cli\/)/, may: ['node:assert', 'node:assert/strict'] },
]

/** Code that decides: the same input gives the same answer, on every machine, at once. */
export const isDeciding = (path: string) =>
  /^spec\/src\/(rules|records|wire)\//.test(path) ||
  /^ccl-compiler\/src\/(?!cli\/)/.test(path) ||
  isStep(path)

/** A step of a role: everything of a role room but its bin. */
export const isStep = (path: string) =>
  ROLE_ROOMS.some((room) => path.startsWith(`${room}/src/`)) && !isBin(path)

/** Words by which time, chance, identity or waiting would come into code that decides. */
export const IMPURE = [
  'Date',
  'Intl',
  'Math.random',
  'Promise',
  'async',
  'await',
  'crypto.randomUUID',
  'fetch',
  'getRandomValues',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'randomBytes',
  'randomInt',
  'randomUUID',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'toLocaleLowerCase',
  'toLocaleString',
  'toLocaleUpperCase',
  'localeCompare',
] as const

/** The page of spec that lists what its rules export. */
export const RULES_INDEX = 'spec/src/rules/index.ts'

/**
 * What the rules export and everybody may call: it reads records that are there and says what they
 * mean. All other values of the rules decide (who may, who wins, what is owed, what the log takes),
 * and only the steps of roles, spec itself, tests and benches may import them.
 */
export const READERS: readonly string[] = [
  'anchorsBack',
  'balances',
  'chainOfJob',
  'charterAt',
  'charterNow',
  'checkChain',
  'conservationProblems',
  'distinct',
  'ensureCharter',
  'finding',
  'hasRole',
  'isLive',
  'jobStatus',
  'lastLease',
  'leaseByCid',
  'leaseOf',
  'manifestOfHold',
  'NEWCOMER',
  'onTimePpm',
  'openReplica',
  'rankingOf',
  'readSnapshot',
  'ownReceipts',
  'plainReader',
  'receive',
  'receiptByCid',
  'replayDecision',
  'reputation',
  'snapshotOf',
  'standingOf',
  'tally',
  'tokenChain',
  'verifiersOf',
  'verifyChain',
]

/** Modules of the rules in which everything is a reader. */
export const READER_MODULES: readonly string[] = ['./tree.ts']

export const LINES_MAX = 400
export const COLUMNS_MAX = 100

/** Except an address, or one sentence in quotes: the name of a test, a text that is compared. */
export const MAY_RUN_ON = /https?:\/\/|(['"`])(?:(?!\1).){50,}\1/
export const INDEX_LINES_MAX = 60

/** Signs of something half-finished, in any source file. */
export const LEFTOVERS: readonly RegExp[] = [
  /\b(TODO|FIXME|XXX|HACK)\b/,
  /\bnot (yet )?implemented\b/i,
  /\bplaceholder\b/i,
  /\bstub(s|bed)?\b/i,
  /^\s*debugger\b/,
  /@ts-(ignore|nocheck)\b/,
]

/** Things that belong to a script or a test, not to a room's source. */
export const NOT_IN_SRC: readonly RegExp[] = [/\bconsole\.\w+/, /\bexport default\b/, /\bas any\b/]

/** Ways of switching a test off. */
export const NOT_IN_TESTS: readonly RegExp[] = [/\.only\(/, /\.todo\(/, /\b(only|todo): true\b/]

/** What holds on one machine only: its folders, a registry's address. */
export const OF_ONE_MACHINE: readonly RegExp[] = [
  /\/work\/(main|shared)\b/,
  /\/root\//,
  /\bregistry\.(npmjs|yarnpkg)\b/,
]

/** Names that say nothing. */
export const EMPTY_NAMES = [
  'common',
  'helper',
  'helpers',
  'kernel',
  'lib',
  'misc',
  'util',
  'utils',
] as const
export const EMPTY_ENDINGS = /(Manager|Helpers?|Impl|Utils?)$/

/** Files that hold the words above because they are about them. */
export const ABOUT_TIDINESS: readonly string[] = ['tools/tidy/house-rules.ts', 'test/tidy.test.ts']
