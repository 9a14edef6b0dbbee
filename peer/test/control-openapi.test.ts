// The OpenAPI document is what the server does: every path of it is served and no other, and what
// is answered has the shape that it says.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { CODES, type Code, encodeBlock, MEDIA } from '@planetary-mesh/spec'
import { carPieces } from '../src/control/car-stream.ts'
import { ROUTES } from '../src/control/routes.ts'
import { REFUSED_STATUSES, statusOf } from '../src/control/statuses.ts'
import { ask, openStand, refusedWith } from './control-stage.ts'

const stand = await openStand()
after(() => stand[Symbol.asyncDispose]())
const { control, mesh } = stand

type Schema = { [key: string]: unknown }
type Operation = {
  operationId: string
  parameters: { name: string; in: string; required: boolean; schema: Schema }[]
  requestBody?: { content: Record<string, unknown> }
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>
}
type Document = {
  openapi: string
  security: object[]
  paths: Record<string, Record<string, Operation>>
  components: Record<'schemas' | 'securitySchemes' | 'responses', Record<string, Schema>>
}

const served = await ask(control, '/v0/openapi.json')
const document = JSON.parse(`${served.body}`) as Document
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

/** What `#/…` points to in the document. */
function pointed(ref: string): Schema {
  assert.ok(ref.startsWith('#/'), ref)
  let at: unknown = document
  for (const name of ref.slice(2).split('/')) at = (at as Schema | undefined)?.[name]
  assert.ok(at !== undefined, `${ref} points to nothing`)
  return at as Schema
}

test('the document is served, names its version and how one is let in', () => {
  assert.equal(served.headers['content-type'], MEDIA.json)
  assert.match(document.openapi, /^3\.1\.\d$/)
  assert.deepEqual(document.security, [{ token: [] }])
  const { token } = document.components.securitySchemes
  assert.deepEqual([token?.type, token?.scheme], ['http', 'bearer'])
})

test('every reference in it points to something, and nothing in it is unused', () => {
  const used = new Set<string>()
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref') {
        pointed(inner as string)
        used.add(inner as string)
      } else walk(inner)
    }
  }
  walk(document)
  const { schemas, responses } = document.components
  const named = Object.keys(responses).map((name) => `responses/${name}`)
  for (const name of [...named, ...Object.keys(schemas).map((name) => `schemas/${name}`)]) {
    assert.ok(used.has(`#/components/${name}`), name)
  }
})

test('every operation has a name of its own, its path parameters, and an answer', () => {
  const names = operations.map(({ operation }) => operation.operationId)
  assert.equal(new Set(names).size, names.length)
  assert.deepEqual(names.sort(), Object.keys(ROUTES).sort())
  for (const { path, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const declared = operation.parameters.filter((parameter) => parameter.in === 'path')
    assert.deepEqual(
      declared.map(({ name }) => name),
      inPath,
    )
    assert.ok(declared.every(({ required }) => required))
    const good = Object.keys(operation.responses).filter((status) => status.startsWith('2'))
    assert.equal(good.length, 1, path)
  }
})

test('every path of the document is served with its methods, and with no others', async () => {
  const nothing = `${encodeBlock('nothing').cid}`
  for (const [path, methods] of Object.entries(document.paths)) {
    const target = path.replaceAll(/\{\w+\}/g, nothing)
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask(control, target, { method })
      if (method.toLowerCase() in methods) assert.notEqual(status, 405, `${method} ${path}`)
      else {
        assert.equal(status, 405, `${method} ${path}`)
        const allowed = `${headers.allow}`.split(', ').filter((name) => name !== 'HEAD')
        assert.deepEqual(
          allowed.map((name) => name.toLowerCase()).sort(),
          Object.keys(methods).sort(),
        )
      }
    }
  }
  for (const path of [
    '/v0',
    '/v0/',
    '/v0/job',
    '/v0/jobs/',
    `/v0/jobs/${nothing}/x`,
    '/openapi.json',
  ]) {
    assert.equal((await refusedWith(control, path)).line, '404 REQUEST_UNKNOWN', path)
  }
})

test('what is answered has the shape that the document says, and nothing beside it', async () => {
  const job = await mesh.submit()
  await mesh.settled(job)
  const { cid } = job.manifest
  const targets = [
    '/v0/node',
    '/v0/nodes',
    '/v0/jobs',
    `/v0/jobs/${cid}`,
    `/v0/jobs/${cid}/bids`,
    `/v0/tokens?holder=${job.manifest.author}`,
    '/v0/verdicts',
  ]
  for (const target of targets) {
    const { status, headers, body } = await ask(control, target)
    assert.equal(status, 200, target)
    const path = (target.split('?')[0] as string).replace(`${cid}`, '{job}')
    const content = document.paths[path]?.get?.responses['200']?.content ?? {}
    const schema = content[`${headers['content-type']}`]?.schema
    assert.ok(schema !== undefined, `${path} says nothing of ${headers['content-type']}`)
    assert.deepEqual(misfits(JSON.parse(`${body}`), schema), [], target)
  }
  const given = mesh.seal()
  const parts: Uint8Array[] = []
  const records = [given.token, given.manifest, given.hold]
  for await (const part of carPieces([given.hold.cid], records)) parts.push(part)
  const post = {
    method: 'POST',
    headers: { 'content-type': MEDIA.car },
    body: Buffer.concat(parts),
  }
  const submitted = await ask(control, '/v0/jobs', post)
  assert.equal(submitted.status, 201)
  const said = document.paths['/v0/jobs']?.post?.responses['201']?.content?.[MEDIA.json]?.schema
  assert.ok(said !== undefined)
  assert.deepEqual(misfits(JSON.parse(`${submitted.body}`), said), [])
  assert.notDeepEqual(misfits({ job: `${cid}` }, said), [], 'the keeper is named, or null')
  // and the judge of this test is one
  const schema = { $ref: '#/components/schemas/Node' }
  assert.notDeepEqual(misfits({ did: 5 }, schema), [])
  assert.notDeepEqual(
    misfits({ ...JSON.parse(`${(await ask(control, '/v0/node')).body}`), x: 1 }, schema),
    [],
  )
})

test('every code has one status; what the log says otherwise is a conflict', () => {
  const all = [...REFUSED_STATUSES.values()].flat()
  assert.equal(new Set(all).size, all.length, 'no code stands at two statuses')
  assert.ok(all.every((code) => code in CODES))
  assert.equal(statusOf('JOB_ENDED', false), 409)
  assert.equal(statusOf('TOKEN_EXHAUSTED', false), 403)
  // sent by who asks, or read here
  assert.equal(statusOf('BLOCK_CID_MISMATCH', false), 400)
  assert.equal(statusOf('BLOCK_CID_MISMATCH', true), 502)
  assert.equal(statusOf('BLOCK_MISSING', true), 404)
  for (const code of Object.keys(CODES) as Code[]) {
    assert.ok(REFUSED_STATUSES.has(statusOf(code, false)), code)
  }
})

/** Where a value is not what a JSON Schema says; of the words that the document uses. */
function misfits(value: unknown, schema: Schema, at = '$'): string[] {
  const known = ['$ref', 'type', 'properties', 'required', 'additionalProperties', 'items', 'anyOf']
  const words = ['oneOf', 'const', 'enum', 'minimum', 'maximum', 'maxLength', 'maxItems', 'pattern']
  for (const word of Object.keys(schema)) assert.ok([...known, ...words].includes(word), word)
  if (typeof schema.$ref === 'string') return misfits(value, pointed(schema.$ref), at)
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined
  if (choices !== undefined) {
    const fitting = choices.filter((choice) => misfits(value, choice, at).length === 0)
    return fitting.length === 1 ? [] : [`${at} fits ${fitting.length} of ${choices.length}`]
  }
  const types = [schema.type].flat()
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
  const isTyped = types.includes(type) || (types.includes('integer') && Number.isInteger(value))
  if (!isTyped) return [`${at} is ${type}, not ${types}`]
  const found: string[] = []
  if ('const' in schema && value !== schema.const) found.push(`${at} is no ${schema.const}`)
  const isListed = !('enum' in schema) || (schema.enum as unknown[]).includes(value)
  if (!isListed) found.push(`${at} is none of ${schema.enum}`)
  if (typeof value === 'number') {
    const { minimum = value, maximum = value } = schema as { minimum?: number; maximum?: number }
    if (value < minimum || value > maximum) found.push(`${at} is out of range`)
  }
  if (typeof value === 'string') {
    const { maxLength = value.length, pattern = '' } = schema as Record<string, never>
    if (value.length > maxLength || !new RegExp(pattern).test(value)) found.push(`${at} is odd`)
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      found.push(...misfits(item, schema.items as Schema, `${at}[${index}]`))
    }
  } else if (typeof value === 'object' && value !== null) {
    const properties = schema.properties as Record<string, Schema>
    const keys = new Set([...Object.keys(value), ...(schema.required as string[])])
    for (const key of keys) {
      const inner = properties[key]
      if (inner === undefined) found.push(`${at}.${key} is not in the document`)
      else found.push(...misfits((value as Schema)[key], inner, `${at}.${key}`))
    }
  }
  return found
}
