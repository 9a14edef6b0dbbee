/**
 * The people of the rules' tests and the records they make. Every builder gives an honest record of
 * one chain; `over` changes fields of its body, the last argument who seals it.
 */
import {
  Award,
  Bid,
  Charter,
  type CID,
  Decision,
  type DecisionBody,
  encodeDirectory,
  encodeFile,
  Hold,
  Lease,
  Manifest,
  Receipt,
  type Result,
  type SealedOf,
  Settle,
  type Signer,
  seal,
  sha256,
  signerFromSeed,
  Token,
  Verdict,
} from '@planetary-mesh/spec'
import { alice, bruno, chiara, dora, emil, fatou } from '../../../tools/vectors/people.ts'

export * from '../../../tools/vectors/people.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const person = (name: string): Signer => signerFromSeed(sha256(utf8(name)))

/** A third executor. */
export const gita = person('gita')
/** A second member who submits. */
export const hans = person('hans')
/** Issues tokens. */
export const ines = person('ines')

export type BodyOf<R> = SealedOf<R>['body']
type Over<R> = Partial<BodyOf<R>>

export const startMs = 1_800_000_000_000
export const hourMs = 3_600_000
export const PROFILE = 'k1'
/** What a job asks for and its hold reserves, in units of 10^9 fuel. */
export const AMOUNT = 100

const stdout = encodeFile(utf8('3 ballots\n'))
const none = encodeFile(new Uint8Array())
const module = encodeFile(utf8('\0asm\u0001\0\0\0'))
const input = encodeFile(utf8('id,vote\n1,yes\n2,no\n3,yes\n'))
const output = encodeDirectory([{ path: 'summary.json', bytes: utf8('{"ballots":3}') }])
const refOf = ({ cid, bytes }: { cid: CID; bytes: number }) => ({ cid, bytes })

/** Every block of the files that the records below name. */
export const FILE_BLOCKS = [stdout, none, module, input, output].flatMap(({ blocks }) => blocks)

export const MODULE_CID = module.cid

/** alice: admin, submits. bruno: home, executor. dora: writer, witness, verifier. */
export function makeCharter(over: Over<typeof Charter> = {}, signer = alice): Charter {
  const member = (
    one: Signer,
    name: string,
    roles: BodyOf<typeof Charter>['members'][0]['roles'],
  ) => ({
    did: one.did,
    name,
    roles,
    location: '',
  })
  const policyFor = (scope: string, resourceType: 'compute' | 'storage' | 'bandwidth') =>
    ({ scope, resourceType, policy: { type: 'allow-all' } }) as const
  return seal(
    Charter,
    {
      name: 'co-op',
      version: 0,
      previous: null,
      members: [
        member(alice, 'alice', ['admin', 'member']),
        member(hans, 'hans', ['member']),
        member(bruno, 'bruno', ['home', 'executor']),
        member(chiara, 'chiara', ['executor']),
        member(gita, 'gita', ['executor']),
        member(dora, 'dora', ['ledger', 'witness', 'verifier']),
        member(emil, 'emil', ['witness', 'verifier']),
        member(fatou, 'fatou', ['witness', 'verifier']),
      ],
      issuers: [{ did: ines.did, scopes: ['default', 'lab'] }],
      writer: dora.did,
      standby: emil.did,
      threshold: 2,
      floor: 'none',
      policies: [
        policyFor('default', 'compute'),
        policyFor('default', 'storage'),
        policyFor('default', 'bandwidth'),
        policyFor('lab', 'compute'),
      ],
      retainMs: 30 * 24 * hourMs,
      ...over,
    },
    signer,
  )
}

export const CHARTER = makeCharter()

/** The version after `before`. */
export function nextCharter(before: Charter, over: Over<typeof Charter>, signer = alice): Charter {
  const { body } = before
  return makeCharter({ ...body, version: body.version + 1, previous: before.cid, ...over }, signer)
}

/** The members without one of them, or with `roles` for one of them. */
export function membersWith(charter: Charter, who: Signer, roles: 'gone' | readonly string[]) {
  return charter.body.members.flatMap((member) => {
    if (member.did !== who.did) return [member]
    return roles === 'gone' ? [] : [{ ...member, roles: [...roles] as typeof member.roles }]
  })
}

export function makeToken(over: Over<typeof Token> = {}, signer = ines): Token {
  return seal(
    Token,
    {
      charter: CHARTER.cid,
      parent: null,
      issuer: null,
      holder: alice.did,
      resourceType: 'compute',
      amount: 1000,
      scope: 'default',
      expiresAtMs: startMs + 720 * hourMs,
      ...over,
    },
    signer,
  )
}

/** Sixteen bytes that make manifest number `count` another job. */
export const nonce = (count: number) => sha256(utf8(`nonce ${count}`)).slice(0, 16)

export function makeManifest(
  token: Token,
  over: Over<typeof Manifest> = {},
  signer = alice,
): Manifest {
  return seal(
    Manifest,
    {
      token: token.cid,
      description: 'Analyze cooperative voting patterns',
      module: refOf(module),
      args: [],
      env: [],
      stdin: null,
      inputs: [{ name: 'ballots.csv', file: refOf(input) }],
      fuelMax: 100_000_000_000,
      memoryPagesMax: 8192,
      coresMin: 1,
      outputBytesMax: 1_000_000,
      deadlineMs: hourMs,
      resourceType: token.body.resourceType,
      amount: AMOUNT,
      scope: token.body.scope,
      priority: 'medium',
      priceMax: AMOUNT,
      trust: { verification: 'replay', threshold: 2, reputationMin: 0 },
      replicas: 1,
      chooser: 'home',
      rule: null,
      attemptsMax: 3,
      profile: PROFILE,
      program: null,
      createdAtMs: startMs,
      nonce: nonce(0),
      ...over,
    },
    signer,
  )
}

export function makeHold(manifest: Manifest, over: Over<typeof Hold> = {}, signer = alice): Hold {
  const { token, amount, createdAtMs, deadlineMs } = manifest.body
  const untilMs = createdAtMs + deadlineMs + hourMs
  return seal(Hold, { token, manifest: manifest.cid, amount, untilMs, ...over }, signer)
}

/** The allow that the writer gives on the first hold of a token under CHARTER. */
export function makeDecision(
  { hold, manifest, token }: { hold: Hold; manifest: Manifest; token: Token },
  atMs: number,
  over: Partial<DecisionBody> = {},
  signer = dora,
): Decision {
  const { scope, resourceType } = manifest.body
  const { amount } = hold.body
  return seal(
    Decision,
    {
      policy: CHARTER.cid,
      hold: hold.cid,
      request: { holder: hold.author, scope, resourceType, amount, atMs, token: token.cid },
      values: { tokenFree: token.body.amount, used: 0, usedInPeriods: [] },
      rules: [
        { name: 'token', effect: 'allow' },
        { name: 'allow-all', effect: 'allow' },
      ],
      effect: 'allow',
      code: null,
      cost: 2,
      ...over,
    },
    signer,
  )
}

export const FREE = { slots: 2, memoryPages: 16_384, cores: 4 }

export function makeBid(manifest: Manifest, over: Over<typeof Bid> = {}, signer = bruno): Bid {
  const validUntilMs = startMs + 24 * hourMs
  return seal(
    Bid,
    {
      manifest: manifest.cid,
      price: 40,
      expectedMs: 2000,
      validUntilMs,
      free: FREE,
      location: '',
      ...over,
    },
    signer,
  )
}

/** The award of the first bid; `bids` stand best first. */
export function makeAward(
  manifest: Manifest,
  bids: readonly Bid[],
  over: Over<typeof Award> = {},
  signer = bruno,
): Award {
  const cids = bids.map(({ cid }) => cid)
  return seal(
    Award,
    {
      manifest: manifest.cid,
      bids: cids,
      ranking: cids,
      winner: cids[0] as CID,
      reason: 'the best by the rule',
      logSize: 4,
      ...over,
    },
    signer,
  )
}

/** A lease of epoch 1 from `atMs`: four times the estimate and five seconds. */
export function makeLease(
  parts: { hold: Hold; decision: Decision; award: Award; winner: Bid; atMs: number },
  over: Over<typeof Lease> = {},
  signer = dora,
): Lease {
  const { hold, decision, award, winner, atMs } = parts
  return seal(
    Lease,
    {
      hold: hold.cid,
      award: award.cid,
      decision: decision.cid,
      slot: 0,
      epoch: 1,
      executor: winner.author,
      untilMs: atMs + 4 * winner.body.expectedMs + 5000,
      profile: PROFILE,
      ...over,
    },
    signer,
  )
}

/** Half of the fuel of a job of 100 units. */
export const RESULT: Result = {
  outcome: { type: 'exited', code: 0 },
  stdout: refOf(stdout),
  stderr: refOf(none),
  output: refOf(output),
  fuel: 50_000_000_000,
  memoryPages: 17,
  hostCallDigest: sha256(utf8('host calls')),
  profile: PROFILE,
}

/** `over` may bring fields of the result or of the body around it. */
export function makeReceipt(
  { lease, manifest }: { lease: Lease; manifest: Manifest },
  over: Over<typeof Receipt> & { changed?: Partial<Result> } = {},
  signer = bruno,
): Receipt {
  const { changed, ...rest } = over
  return seal(
    Receipt,
    {
      lease: lease.cid,
      manifest: manifest.cid,
      decision: lease.body.decision,
      result: { ...RESULT, ...changed },
      measured: {
        startedAtMs: startMs + 1000,
        finishedAtMs: startMs + 1400,
        wallMs: 400,
        rssBytes: 50_000_000,
      },
      ...rest,
    },
    signer,
  )
}

export function makeVerdict(
  receipt: Receipt,
  over: Over<typeof Verdict> = {},
  signer = dora,
): Verdict {
  const lie = { code: 'OUTPUT_MISMATCH', cid: receipt.cid, detail: 'running it again differs' }
  const findings = over.result === 'invalid' ? [lie] : []
  return seal(
    Verdict,
    {
      receipt: receipt.cid,
      charter: CHARTER.cid,
      method: 'replay',
      result: 'valid',
      findings,
      ...over,
    },
    signer,
  )
}

export function makeSettle(
  parts: { hold: Hold; lease: Lease; receipt: Receipt; verdicts: readonly Verdict[] },
  over: Over<typeof Settle> = {},
  signer = dora,
): Settle {
  const { hold, lease, receipt, verdicts } = parts
  return seal(
    Settle,
    {
      hold: hold.cid,
      lease: lease.cid,
      receipt: receipt.cid,
      verdicts: verdicts.map(({ cid }) => cid),
      post: 20,
      release: hold.body.amount - 20,
      reason: 'verified',
      ...over,
    },
    signer,
  )
}
