/**
 * Gives a tree its meaning: every kind, property, action and argument is looked up in the tables
 * and its value checked. What comes out holds only known words with values of their types; what
 * nobody acts on is listed, so that nothing is silently ignored.
 */
import { ACTIONS, type Action } from './actions.ts'
import type { Block, Call, Item, Name, Pair, Value } from './ast.ts'
import { COMMUNITY } from './community/words.ts'
import type { Problems } from './diagnostic.ts'
import { DOCUMENT, type Kind } from './kinds.ts'
import { shown } from './messages.ts'
import { nearest } from './nearest.ts'
import type { Range } from './source.ts'
import { check, describe, type Plain } from './types.ts'

/** A checked value and where it stands. */
export type Known = { readonly value: Plain; readonly range: Range }

export type KnownCall = {
  readonly action: string
  readonly range: Range
  readonly args: ReadonlyMap<string, Known>
}

export type KnownBlock = {
  readonly range: Range
  readonly values: ReadonlyMap<string, Known>
  readonly blocks: ReadonlyMap<string, KnownBlock>
  readonly calls: readonly KnownCall[]
  /** Something in it was wrong: its parts are right, their sum may not be. */
  readonly broken: boolean
}

/** A property that was read but that nothing acts on, such as `results.storage.dag_anchor`. */
export type Listed = { readonly path: string; readonly value: Value; readonly range: Range }

export type Resolved = { readonly top: KnownBlock; readonly listed: readonly Listed[] }

export function resolve(items: readonly Item[], broken: boolean, problems: Problems): Resolved {
  const listed: Listed[] = []
  const nowhere = { start: 0, end: 0 }
  const top = resolveItems(items, broken, DOCUMENT, { path: '', range: nowhere, listed, problems })
  return { top, listed }
}

type Place = {
  /** The kinds around, such as `job.requirements`; empty at the top. */
  readonly path: string
  readonly range: Range
  readonly listed: Listed[]
  readonly problems: Problems
}

const within = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)
const where = (place: Place) => (place.path === '' ? 'the document' : `\`${place.path}\``)

function resolveItems(
  items: readonly Item[],
  brokenBefore: boolean,
  kind: Kind,
  place: Place,
): KnownBlock {
  const values = new Map<string, Known>()
  const blocks = new Map<string, KnownBlock>()
  const calls: KnownCall[] = []
  let broken = brokenBefore
  for (const item of items) {
    if (place.problems.full) break
    if (item.is === 'pair') {
      const known = resolvePair(item, kind, place)
      if (known === undefined) broken = true
      else if (isNew(item.key, values.get(item.key.text), 'CCL0306', place)) {
        values.set(item.key.text, known)
      } else broken = true
    } else if (item.is === 'block') {
      const known = resolveBlock(item, kind, place)
      if (known === undefined) broken = true
      else if (isNew(item.kind, blocks.get(item.kind.text), 'CCL0307', place)) {
        blocks.set(item.kind.text, known)
      } else broken = true
    } else {
      const known = resolveCall(item, kind, place)
      if (known === undefined) broken = true
      else calls.push(known)
    }
  }
  return { range: place.range, values, blocks, calls, broken }
}

function isNew(
  name: Name,
  first: { readonly range: Range } | undefined,
  code: 'CCL0306' | 'CCL0307',
  place: Place,
): boolean {
  if (first === undefined) return true
  const other = { message: 'the first stands here', range: first.range }
  place.problems.addWith(code, name.range, other, shown(name.text), where(place))
  return false
}

function resolvePair(pair: Pair, kind: Kind, place: Place): Known | undefined {
  const { problems } = place
  const { key, value } = pair
  const property = kind.properties.get(key.text)
  if (property === undefined) {
    if (!kind.free) return unknownProperty(key, kind, place)
    place.listed.push({ path: within(place.path, key.text), value, range: key.range })
    return { value: describe(value), range: key.range }
  }
  const plain = check(value, property.type, key.text, problems)
  if (plain === undefined) return undefined
  if (property.listed) {
    place.listed.push({ path: within(place.path, key.text), value, range: key.range })
  }
  return { value: plain, range: key.range }
}

function unknownProperty(key: Name, kind: Kind, place: Place): undefined {
  const { problems } = place
  if (kind.blocks.has(key.text)) problems.add('CCL0313', key.range, key.text)
  else {
    const known = [...kind.properties.keys()]
    const near = nearest(key.text, known)
    const home = near === undefined ? homeOf(DOCUMENT, key.text, 'properties') : undefined
    if (home === undefined) {
      problems.add('CCL0302', key.range, shown(key.text), where(place), near, known)
    } else problems.add('CCL0305', key.range, key.text, where(place), home)
  }
  return undefined
}

function resolveBlock(block: Block, around: Kind, place: Place): KnownBlock | undefined {
  const { problems } = place
  const kind = around.blocks.get(block.kind.text) ?? (around.free ? around : undefined)
  if (kind === undefined) return unknownBlock(block, around, place)
  if (block.label !== null && !kind.named) {
    problems.add('CCL0311', block.label.range, block.kind.text)
  }
  const path = within(place.path, block.kind.text)
  if (block.label !== null && kind.named) {
    const value: Value = { is: 'string', ...block.label }
    place.listed.push({ path: within(path, 'name'), value, range: block.label.range })
  }
  const inner = { path, range: block.kind.range, listed: place.listed, problems }
  return resolveItems(block.items, block.broken, kind, inner)
}

function unknownBlock(block: Block, around: Kind, place: Place): undefined {
  const { problems } = place
  const { text, range } = block.kind
  if (around.properties.has(text)) problems.add('CCL0312', range, text)
  else {
    const known = [...around.blocks.keys()]
    const others = place.path === '' ? COMMUNITY : []
    const near = nearest(text, [...known, ...others])
    const home = near === undefined ? homeOf(DOCUMENT, text, 'blocks') : undefined
    if (home === undefined) problems.add('CCL0301', range, shown(text), near, known)
    else problems.add('CCL0305', range, text, where(place), home)
  }
  return undefined
}

/** The block in which a word would be right, for the one who put it elsewhere. */
function homeOf(
  kind: Kind,
  word: string,
  among: 'properties' | 'blocks',
  path = '',
): string | undefined {
  if (kind[among].has(word)) return path === '' ? 'the top of the document' : `\`${path}\``
  for (const [name, inner] of kind.blocks) {
    const home = homeOf(inner, word, among, within(path, name))
    if (home !== undefined) return home
  }
  return undefined
}

function resolveCall(call: Call, kind: Kind, place: Place): KnownCall | undefined {
  const { problems } = place
  const { text, range } = call.action
  const action = ACTIONS.get(text)
  if (action === undefined) {
    problems.add('CCL0303', range, shown(text), nearest(text, ACTIONS.keys()), [...ACTIONS.keys()])
    return undefined
  }
  if (!kind.calls) {
    problems.add('CCL0305', range, text, where(place), '`execution { … }`')
    return undefined
  }
  const args = new Map<string, Known>()
  const given = new Map<string, Name>()
  let whole = true
  for (const argument of call.args) {
    const { value } = argument
    if (problems.full) return undefined
    const name = argument.name ?? inOrder(action, given, value)
    if (name === null) {
      const next = [...action.args.keys()].find((arg) => !given.has(arg)) ?? 'name'
      problems.add('CCL0310', value.range, text, next)
      return undefined
    }
    const type = action.args.get(name.text)
    const first = given.get(name.text)
    if (type === undefined) {
      const known = [...action.args.keys()]
      const near = nearest(
        name.text,
        known.filter((arg) => !given.has(arg)),
      )
      problems.add('CCL0304', name.range, shown(name.text), text, near, known)
      // the misspelled one is not missing as well
      if (near !== undefined) given.set(near, name)
      whole = false
    } else if (first !== undefined) {
      const other = { message: 'it is given here first', range: first.range }
      problems.addWith('CCL0308', name.range, other, name.text, `\`${text}\``)
      whole = false
    } else {
      given.set(name.text, name)
      const plain = check(value, type, name.text, problems)
      if (plain === undefined) whole = false
      else args.set(name.text, { value: plain, range: value.range })
    }
  }
  const missing = action.required.filter((arg) => !given.has(arg))
  if (missing.length > 0) problems.add('CCL0309', range, text, missing)
  return whole && missing.length === 0 ? { action: text, range, args } : undefined
}

/** The next argument that has no value yet, where arguments may stand without their names. */
function inOrder(action: Action, given: ReadonlyMap<string, Name>, { range }: Value): Name | null {
  const text = [...action.args.keys()].find((arg) => !given.has(arg))
  return action.positional && text !== undefined ? { text, range } : null
}
