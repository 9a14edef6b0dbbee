/**
 * The control API for other people's programs: an OpenAPI 3.1 document made of the routes and of
 * the schemas that answers are made and read by. Source: OpenAPI Specification 3.1.1.
 */
import {
  BidsJson,
  CONTROL_PREFIX,
  DoneJson,
  EndJson,
  ErrorJson,
  InviteJson,
  JobJson,
  JobsJson,
  MEDIA,
  NodeJson,
  NodesJson,
  OutputEndJson,
  OutputJson,
  ProgressJson,
  SkippedJson,
  StatusJson,
  StoredJson,
  SubmittedJson,
  TokensJson,
  VerdictsJson,
} from '@planetary-mesh/spec'
import { z } from 'zod'
import { InviteRequestJson, ROUTES, type Route } from './routes.ts'
import { REFUSED_STATUSES } from './statuses.ts'

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  Bids: BidsJson,
  Done: DoneJson,
  End: EndJson,
  Error: ErrorJson,
  Invite: InviteJson,
  InviteRequest: InviteRequestJson,
  Job: JobJson,
  Jobs: JobsJson,
  Node: NodeJson,
  Nodes: NodesJson,
  Output: OutputJson,
  OutputEnd: OutputEndJson,
  Progress: ProgressJson,
  Skipped: SkippedJson,
  Status: StatusJson,
  Stored: StoredJson,
  Submitted: SubmittedJson,
  Tokens: TokensJson,
  Verdicts: VerdictsJson,
}

const DESCRIPTION = `What a person's tools ask of a process, over HTTP on loopback. Records are
posted as the blocks that their author sealed; an answer holds a record as its block in base64
(RFC 4648 section 4). Ids are CIDs and did:key as text; times are ms since 1970. Every refusal is an
Error with a code, a sentence and the numbers behind it. Of an event stream \`x-events\` says what
the JSON in the \`data\` of each event is, by the event's name.`

const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` })

export function openApiDocument(version: string) {
  const paths: Record<string, Record<string, object>> = {}
  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    const path = `${CONTROL_PREFIX}${route.path}`
    paths[path] = { ...paths[path], [route.method]: operationOf(name, route) }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Planetary Mesh control API', version, description: DESCRIPTION },
    security: [{ token: [] }],
    paths,
    components: {
      schemas: componentSchemas(),
      responses: refusalResponses(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'From `run.json` of the process' },
      },
    },
  }
}

function operationOf(operationId: string, route: Route) {
  const { summary, reply, body } = route
  const requestBody = body && {
    required: true,
    description: `${body.says}. At most ${body.bytesMax} bytes.`,
    content: { [body.media]: contentOf(body.schema) },
  }
  return {
    operationId,
    summary,
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      [reply.status]: {
        description: reply.says,
        content: {
          [reply.media]:
            'events' in reply
              ? eventsOf(reply.events)
              : contentOf('schema' in reply ? reply.schema : undefined),
        },
      },
      ...refusals(),
    },
  }
}

/** A named schema by reference; bytes as what they are. */
function contentOf(schema: z.ZodType | undefined) {
  return schema === undefined ? {} : { schema: refOf(schema) ?? { type: 'object' } }
}

function refOf(schema: z.ZodType) {
  const name = Object.entries(SCHEMAS).find(([, known]) => known === schema)?.[0]
  return name === undefined ? undefined : refTo(name)
}

/** A stream is text to OpenAPI 3.1; what the data of each event is stands in a field of our own. */
function eventsOf(events: Record<string, z.ZodType>) {
  const [first] = Object.keys(events)
  return {
    schema: { type: 'string', contentMediaType: MEDIA.events },
    example: `id: 1\nevent: ${first}\ndata: {…}\n\n`,
    'x-events': Object.fromEntries(
      Object.entries(events).map(([name, schema]) => [name, refOf(schema)]),
    ),
  }
}

function pathParameters({ path }: Route) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    description: 'A CIDv1 as text',
    schema: { type: 'string', maxLength: 80 },
  }))
}

function queryParameters({ query }: Route) {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !schema.safeParse(undefined).success,
    schema: jsonSchema(schema as z.ZodType),
  }))
}

/** Each status with which a request can be refused. */
const refusalName = (status: number) => `Refused${status}`

function refusals() {
  const refs = [...REFUSED_STATUSES.keys()].map((status) => {
    return [status, { $ref: `#/components/responses/${refusalName(status)}` }]
  })
  return Object.fromEntries(refs)
}

const ERROR_EXAMPLE = {
  error: {
    code: 'TOKEN_EXHAUSTED',
    detail: '500 asked, 120 of 1000 left',
    values: { asked: 500, available: 120, limit: 1000 },
  },
}

function refusalResponses() {
  const content = { [MEDIA.json]: { schema: refTo('Error'), example: ERROR_EXAMPLE } }
  const responses = [...REFUSED_STATUSES].map(([status, codes]) => {
    const description = codes.length === 0 ? 'Any other code' : codes.join(', ')
    return [refusalName(status), { description, content }]
  })
  return Object.fromEntries(responses)
}

/** What JSON Schema has no word for is a text: a DID, a code. */
const OPTIONS = {
  io: 'input',
  unrepresentable: () => ({ type: 'string' }) as const,
} satisfies Parameters<typeof z.toJSONSchema>[1]

function jsonSchema(schema: z.ZodType) {
  const { $schema, ...rest } = z.toJSONSchema(schema, OPTIONS)
  return rest
}

function componentSchemas() {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id })
  const uri = (id: string) => refTo(id).$ref
  const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, uri })
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema, $id, ...schema }]) => [name, schema]),
  )
}
