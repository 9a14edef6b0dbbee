/**
 * An honest log of one job, sealed by its people: alice submits, bruno and chiara bid, bruno runs
 * it, and of the federation emil writes while dora, emil and fatou each find the receipt valid.
 * Every entry is taken by the fold before it is anchored. Nothing is run: the receipt's files are
 * small and made here, for its bytes are all that a check of records sees of them.
 */
import {
  Anchor,
  type AnyRecord,
  Award,
  append,
  appendLeaf,
  Bid,
  type Block,
  Charter,
  type CID,
  DEFAULT_RULE,
  Decision,
  type Did,
  decideHold,
  dueSettle,
  type EncodedFile,
  encodeDirectory,
  encodeFile,
  type GetBlock,
  Hold,
  Lease,
  LIMITS,
  LogEntry,
  leaseOf,
  Manifest,
  type Member,
  type MemberRole,
  NEWCOMER,
  NO_PEAKS,
  openLedger,
  originOf,
  Receipt,
  rootOf,
  Settle,
  type Signer,
  seal,
  select,
  sha256,
  signCheckpoint,
  signerFromSeed,
  Token,
  Verdict,
} from '@planetary-mesh/spec'

const PROFILE = 'bench'
export const SCOPE = 'coop'
const STARTED_AT_MS = 1_700_000_000_000

/** 32 bytes that stand for a person. */
export const seedOf = (name: string): Uint8Array => sha256(new TextEncoder().encode(name))

const person = (name: string) => signerFromSeed(seedOf(name))
const [alice, bruno, chiara] = [person('alice'), person('bruno'), person('chiara')]
const [dora, emil, fatou] = [person('dora'), person('emil'), person('fatou')]

export type HonestLog = {
  genesis: CID
  head: CID
  receipt: CID
  manifest: Manifest
  bid: Bid
  get: GetBlock
  /** How many entries the log has, and in how many anchors. */
  entries: number
  anchors: number
}

/** Seals the log: 10 entries in 6 anchors. */
export function sealHonestLog(): HonestLog {
  const blocks = new Map<string, Uint8Array>()
  const records = new Map<string, AnyRecord>()
  const keep = (block: Block) => blocks.set(block.cid.toString(), block.bytes)
  const keepFile = ({ cid, bytes, blocks }: EncodedFile) => {
    for (const block of blocks) keep(block)
    return { cid, bytes }
  }
  const sealed = <R extends AnyRecord>(record: R): R => {
    keep(record)
    records.set(record.cid.toString(), record)
    return record
  }
  const linked = (cid: CID) => records.get(cid.toString())

  const charter = sealed(seal(Charter, charterBody(), emil))
  const ledger = openLedger(charter.cid)
  let peaks = NO_PEAKS
  let head: CID | null = null
  let anchors = 0
  let atMs = STARTED_AT_MS
  /** Appends a batch and anchors it. */
  const anchor = (...batch: AnyRecord[]): void => {
    const entries = batch.map((record) => {
      append(ledger, record, atMs, linked)
      const entry = LogEntry.encode({ record: record.cid, atMs })
      keep(entry)
      peaks = appendLeaf(peaks, entry.cid.bytes)
      return entry.cid
    })
    const [size, root] = [ledger.size, rootOf(peaks)]
    const claim = { origin: originOf(charter.cid), size, root, charter: charter.cid }
    const checkpoint = signCheckpoint(claim, emil)
    const body = { previous: head, entries, size, root, charter: charter.cid, checkpoint }
    const block = Anchor.encode(body)
    keep(block)
    head = block.cid
    anchors += 1
    atMs += LIMITS.batchMs
  }

  const token = sealed(seal(Token, tokenBody(charter.cid), emil))
  anchor(charter, token)

  const module = keepFile(encodeFile(seedOf('a module')))
  const inputs = [{ name: 'ballots.csv', file: keepFile(encodeFile(seedOf('an input'))) }]
  const manifest = sealed(seal(Manifest, manifestBody({ token: token.cid, module, inputs }), alice))
  const untilMs = manifest.body.createdAtMs + manifest.body.deadlineMs
  const holdBody = { token: token.cid, manifest: manifest.cid, amount: 100, untilMs }
  const hold = sealed(seal(Hold, holdBody, alice))
  const decided = decideHold(ledger, hold, manifest, atMs)
  anchor(sealed(seal(Decision, decided.body, emil)), hold)

  const bid = sealed(seal(Bid, bidBody(manifest.cid, 40), bruno))
  const bids = [bid, sealed(seal(Bid, bidBody(manifest.cid, 60), chiara))]
  const ranking = select(manifest, bids, DEFAULT_RULE, () => NEWCOMER).map(({ bid }) => bid.cid)
  const awardBody = {
    manifest: manifest.cid,
    bids: bids.map(({ cid }) => cid),
    ranking,
    winner: bid.cid,
    reason: 'first in the ranking',
    logSize: ledger.size,
  }
  const award = sealed(seal(Award, awardBody, alice))
  const lease = sealed(seal(Lease, leaseOf(ledger, award, atMs, linked).body, emil))
  anchor(lease)

  const files = {
    stdout: keepFile(encodeFile(seedOf('stdout'))),
    stderr: keepFile(encodeFile(new Uint8Array(0))),
    output: keepFile(encodeDirectory([{ path: 'summary.json', bytes: seedOf('a summary') }])),
  }
  const receiptBody = {
    lease: lease.cid,
    manifest: manifest.cid,
    decision: lease.body.decision,
    result: {
      ...files,
      outcome: { type: 'exited', code: 0 } as const,
      fuel: 1_000_000_000,
      memoryPages: 32,
      hostCallDigest: seedOf('calls'),
      profile: PROFILE,
    },
    measured: { startedAtMs: atMs, finishedAtMs: atMs + 700, wallMs: 700, rssBytes: 90_000_000 },
  }
  const receipt = sealed(seal(Receipt, receiptBody, bruno))
  anchor(receipt)

  const verdictBody: Verdict['body'] = {
    receipt: receipt.cid,
    charter: charter.cid,
    method: 'replay',
    result: 'valid',
    findings: [],
  }
  const verdicts = [dora, emil, fatou].map((by) => sealed(seal(Verdict, verdictBody, by)))
  anchor(...verdicts)

  const job = ledger.jobs.get(manifest.cid.toString())
  const due = job && dueSettle(ledger, job, atMs)
  if (due === undefined || head === null) throw new Error('an honest job is settled')
  anchor(sealed(seal(Settle, due, emil)))

  const get: GetBlock = (cid) => blocks.get(cid.toString())
  const { size: entries } = ledger
  const cids = { genesis: charter.cid, head, receipt: receipt.cid }
  return { ...cids, manifest, bid, get, entries, anchors }
}

function charterBody(): Charter['body'] {
  const member = (name: string, { did }: Signer, ...roles: MemberRole[]): Member => ({
    did,
    name,
    roles,
    location: 'eu',
  })
  return {
    name: 'bench',
    version: 0,
    previous: null,
    members: [
      member('alice', alice, 'member'),
      member('bruno', bruno, 'executor', 'home'),
      member('chiara', chiara, 'executor', 'home'),
      member('dora', dora, 'witness', 'verifier'),
      member('emil', emil, 'admin', 'issuer', 'ledger', 'verifier'),
      member('fatou', fatou, 'witness', 'verifier'),
    ],
    issuers: [{ did: emil.did, scopes: [SCOPE] }],
    writer: emil.did,
    standby: dora.did,
    threshold: 2,
    floor: 'replay',
    policies: [
      { scope: SCOPE, resourceType: 'compute', policy: { type: 'quota', amount: 1000 } },
      {
        scope: SCOPE,
        resourceType: 'compute',
        policy: { type: 'rate-limit', amount: 500, periodMs: 3_600_000 },
      },
    ],
    retainMs: 86_400_000,
  }
}

function tokenBody(charter: CID): Token['body'] {
  const holder: Did = alice.did
  const amounts = { amount: 1000, resourceType: 'compute', expiresAtMs: null } as const
  return { charter, parent: null, issuer: emil.did, holder, scope: SCOPE, ...amounts }
}

type Given = Pick<Manifest['body'], 'token' | 'module'> & Partial<Manifest['body']>

/** What a manifest of the benches says, but for what is given. */
export function manifestBody(given: Given): Manifest['body'] {
  return {
    description: 'Analyze cooperative voting patterns',
    args: ['--from', '2024-01'],
    env: [['LANG', 'C']],
    stdin: null,
    inputs: [],
    fuelMax: 5_000_000_000,
    memoryPagesMax: 1024,
    coresMin: 1,
    outputBytesMax: 1_000_000,
    deadlineMs: LIMITS.deadlineMs,
    resourceType: 'compute',
    amount: 100,
    scope: SCOPE,
    priority: 'medium',
    priceMax: 80,
    trust: { verification: 'replay', threshold: 2, reputationMin: 0 },
    replicas: 1,
    chooser: 'submitter',
    rule: null,
    attemptsMax: LIMITS.attemptsDefault,
    profile: PROFILE,
    program: null,
    createdAtMs: STARTED_AT_MS,
    nonce: seedOf('a nonce').slice(0, 16),
    ...given,
  }
}

function bidBody(manifest: CID, price: number): Bid['body'] {
  return {
    manifest,
    price,
    expectedMs: 1000,
    validUntilMs: STARTED_AT_MS + LIMITS.deadlineMs,
    free: { slots: 1, memoryPages: 4096, cores: 2 },
    location: 'eu',
  }
}
