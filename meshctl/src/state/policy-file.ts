/**
 * A file of CCL as the policies of a charter: compiled, for the scope and resource that each of
 * them names, with the circles that they ask for. The text goes along: members agreed on that.
 */
import { compile, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
import { importsBeside } from '@planetary-mesh/ccl-compiler/cli'
import { type Charter, LIMITS, Refusal, ROLES } from '@planetary-mesh/spec'
import { readText } from '../ccl/read-text.ts'
import { UsageError } from '../cli/errors.ts'
import { note } from '../cli/terminal.ts'

type Body = Charter['body']

/** What policies in CCL add to a charter. */
export type Rules = Pick<Body, 'policies'> & { circles: NonNullable<Body['circles']> }

const ROLE = /^roles\.(.+)$/

/**
 * `scope` is that of policies that name none; what the text uses stands beside it. A text that does
 * not compile is a usage error, and so is one without a policy. Refuses LIMIT_EXCEEDED a text that
 * no charter has room for.
 */
export async function readPolicyFile(path: string, scope: string): Promise<Rules> {
  const source = await readText(path)
  const built = compile(source, { file: path, ...(await importsBeside(path, source)) })
  note(formatDiagnostics(built.diagnostics, source))
  if (!built.ok) {
    const mistake = built.diagnostics.find(({ severity }) => severity === 'error')
    const why = `${mistake?.code}, ${mistake?.message}`
    throw new UsageError(`${path} does not compile: ${why}`, mistake?.help)
  }
  const bytes = new TextEncoder().encode(source).length
  if (bytes > LIMITS.policySourceBytesMax) {
    const detail = `${path} has ${bytes} bytes, a policy at most ${LIMITS.policySourceBytesMax}`
    throw new Refusal('LIMIT_EXCEEDED', detail)
  }
  const units = built.units.filter(({ program }) => program.kind === 'policy')
  if (units.length === 0) throw new UsageError(`${path} has no policy`, 'write `policy NAME { … }`')
  const asked = units.flatMap(({ header }) =>
    header.inputs.flatMap(([name]) => ROLE.exec(name)?.[1] ?? []),
  )
  const circles = new Set(asked.filter((name) => !(ROLES as readonly string[]).includes(name)))
  return {
    policies: units.map(({ wasm, header }) => ({
      scope: header.scope ?? scope,
      resourceType: resourceOf(header.resource),
      policy: { type: 'ccl' as const, module: wasm, source },
    })),
    circles: [...circles].map((name) => ({ name, members: [] })),
  }
}

/** A policy for no token in particular is one for compute. */
function resourceOf(named: string | undefined): Body['policies'][number]['resourceType'] {
  return named === 'storage' || named === 'bandwidth' ? named : 'compute'
}
