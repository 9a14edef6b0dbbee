/** One job from charter to settle, as sealed records: each links the one before. */
import {
  Award,
  Bid,
  Cancel,
  Charter,
  DEFAULT_RULE,
  Decision,
  Decline,
  encodeDirectory,
  encodeFile,
  Hold,
  Lease,
  Manifest,
  Receipt,
  Settle,
  seal,
  sha256,
  Token,
  Verdict,
} from '@planetary-mesh/spec'
import { alice, bruno, chiara, dora, emil, fatou } from './people.ts'

const utf8 = new TextEncoder()
const startMs = 1_760_000_000_000
const hourMs = 3_600_000

const fileRef = (text: string) => {
  const { cid, bytes } = encodeFile(utf8.encode(text))
  return { cid, bytes }
}
const output = encodeDirectory([
  { path: 'summary.json', bytes: utf8.encode('{"ballots":3}') },
  { path: 'plots/turnout.csv', bytes: utf8.encode('2026,3\n') },
])
const free = { slots: 2, memoryPages: 16_384, cores: 4 }

const charter = seal(
  Charter,
  {
    name: 'co-op',
    version: 0,
    previous: null,
    members: [
      { did: alice.did, name: 'alice', roles: ['admin', 'issuer', 'member'], location: '' },
      { did: bruno.did, name: 'bruno', roles: ['home', 'executor'], location: 'Lisboa' },
      { did: chiara.did, name: 'chiara', roles: ['executor'], location: 'Köln' },
      { did: dora.did, name: 'dora', roles: ['ledger', 'witness', 'verifier'], location: '' },
      { did: emil.did, name: 'emil', roles: ['witness', 'verifier'], location: '' },
      { did: fatou.did, name: 'fatou', roles: ['witness', 'verifier'], location: '' },
    ],
    issuers: [{ did: alice.did, scopes: ['default'] }],
    writer: dora.did,
    standby: emil.did,
    threshold: 2,
    floor: 'replay',
    policies: [
      { scope: 'default', resourceType: 'compute', policy: { type: 'quota', amount: 1000 } },
      {
        scope: 'default',
        resourceType: 'compute',
        policy: { type: 'rate-limit', amount: 500, periodMs: hourMs },
      },
      {
        scope: 'default',
        resourceType: 'storage',
        policy: { type: 'permit-list', holders: [alice.did] },
      },
      { scope: 'default', resourceType: 'bandwidth', policy: { type: 'allow-all' } },
    ],
    retainMs: 30 * 24 * hourMs,
  },
  alice,
)

const token = seal(
  Token,
  {
    charter: charter.cid,
    parent: null,
    issuer: alice.did,
    holder: alice.did,
    resourceType: 'compute',
    amount: 1_000_000,
    scope: 'default',
    expiresAtMs: startMs + 720 * hourMs,
  },
  alice,
)

const manifest = seal(
  Manifest,
  {
    token: token.cid,
    description: 'Analyze cooperative voting patterns — élection',
    module: fileRef('\0asm\u0001\0\0\0'),
    args: ['--by', 'year'],
    env: [['LANG', 'C.UTF-8']],
    stdin: fileRef(''),
    inputs: [{ name: 'ballots.csv', file: fileRef('id,vote\n1,yes\n2,no\n3,yes\n') }],
    fuelMax: 100_000_000_000,
    memoryPagesMax: 8192,
    coresMin: 1,
    outputBytesMax: 67_108_864,
    deadlineMs: startMs + hourMs,
    resourceType: 'compute',
    amount: 100,
    scope: 'default',
    priority: 'high',
    priceMax: 100,
    trust: { verification: 'replay', threshold: 2, reputationMin: 10 },
    replicas: 1,
    chooser: 'home',
    rule: DEFAULT_RULE,
    attemptsMax: 3,
    profile: 'k1',
    program: fileRef('\0asm\u0001\0\0\0').cid,
    createdAtMs: startMs,
    nonce: sha256(utf8.encode('nonce')).slice(0, 16),
  },
  alice,
)

const hold = seal(
  Hold,
  { token: token.cid, manifest: manifest.cid, amount: 100, untilMs: startMs + 2 * hourMs },
  alice,
)

const decision = seal(
  Decision,
  {
    policy: charter.cid,
    hold: hold.cid,
    request: {
      holder: alice.did,
      scope: 'default',
      resourceType: 'compute',
      amount: 100,
      atMs: startMs + 10,
      token: token.cid,
    },
    values: { tokenFree: 1_000_000, used: 0, usedInPeriods: [0] },
    rules: [
      { name: 'quota', effect: 'allow' },
      { name: 'rate-limit', effect: 'allow' },
    ],
    effect: 'allow',
    code: null,
    cost: 100,
  },
  dora,
)

const bid = seal(
  Bid,
  {
    manifest: manifest.cid,
    price: 40,
    expectedMs: 2000,
    validUntilMs: startMs + hourMs,
    free,
    location: 'Lisboa',
  },
  bruno,
)
const otherBid = seal(Bid, { ...bid.body, price: 55, location: 'Köln' }, chiara)

const award = seal(
  Award,
  {
    manifest: manifest.cid,
    bids: [bid.cid, otherBid.cid],
    ranking: [bid.cid, otherBid.cid],
    winner: bid.cid,
    reason: 'the best score by the rule',
    logSize: 3,
  },
  bruno,
)

const lease = seal(
  Lease,
  {
    hold: hold.cid,
    award: award.cid,
    decision: decision.cid,
    slot: 0,
    epoch: 1,
    executor: bruno.did,
    untilMs: startMs + 13_000,
    profile: 'k1',
  },
  dora,
)

const decline = seal(Decline, { lease: lease.cid, reason: 'no-capacity' }, bruno)

const receipt = seal(
  Receipt,
  {
    lease: lease.cid,
    manifest: manifest.cid,
    decision: decision.cid,
    result: {
      outcome: { type: 'exited', code: 0 },
      stdout: fileRef('3 ballots\n'),
      stderr: fileRef(''),
      output: { cid: output.cid, bytes: output.bytes },
      fuel: 61_234_567,
      memoryPages: 17,
      hostCallDigest: sha256(utf8.encode('host calls')),
      profile: 'k1',
    },
    measured: {
      startedAtMs: startMs + 1500,
      finishedAtMs: startMs + 1900,
      wallMs: 400,
      rssBytes: 50_331_648,
    },
  },
  bruno,
)

const verdict = seal(
  Verdict,
  {
    receipt: receipt.cid,
    charter: charter.cid,
    method: 'replay',
    result: 'invalid',
    findings: [
      { code: 'OUTPUT_MISMATCH', cid: output.cid, detail: 'running again gave another output' },
      { code: 'LINK_MISMATCH', cid: receipt.cid, detail: 'the receipt names another lease' },
    ],
  },
  emil,
)

const settle = seal(
  Settle,
  {
    hold: hold.cid,
    lease: lease.cid,
    receipt: receipt.cid,
    verdicts: [verdict.cid],
    post: 0,
    release: 100,
    reason: 'refuted',
  },
  dora,
)

const cancel = seal(Cancel, { manifest: manifest.cid }, alice)

export const CHAIN = {
  charter,
  token,
  manifest,
  hold,
  decision,
  bid,
  award,
  lease,
  decline,
  receipt,
  verdict,
  settle,
  cancel,
}

/** More accepted bodies, for the branches of unions and for fields that may be absent. */
export const OTHER_BODIES = {
  charter: [
    {
      ...charter.body,
      version: 1,
      previous: charter.cid,
      members: charter.body.members.slice(0, 1),
      standby: null,
      policies: [],
    },
  ],
  token: [{ ...token.body, parent: token.cid, issuer: null, expiresAtMs: null, amount: 0 }],
  manifest: [
    {
      ...manifest.body,
      args: [],
      env: [],
      stdin: null,
      inputs: [],
      chooser: 'submitter',
      rule: null,
      program: null,
    },
  ],
  hold: [{ ...hold.body, amount: Number.MAX_SAFE_INTEGER }],
  decision: [{ ...decision.body, effect: 'deny', code: 'QUOTA_EXCEEDED', rules: [] }],
  bid: [{ ...bid.body, price: 0, location: '' }],
  award: [],
  lease: [{ ...lease.body, epoch: 2 }],
  decline: [{ lease: lease.cid, reason: 'host-fault' }],
  receipt: [
    { type: 'trapped', trap: 'integer divide by zero' },
    { type: 'out-of-fuel' },
    { type: 'depth' },
    { type: 'output-limit' },
    { type: 'cancelled', atFuel: 12 },
  ].map((outcome) => ({ ...receipt.body, result: { ...receipt.body.result, outcome } })),
  verdict: [{ ...verdict.body, method: 'structure', result: 'valid', findings: [] }],
  settle: [{ ...settle.body, lease: null, receipt: null, verdicts: [], reason: 'expired' }],
  cancel: [],
} as const
