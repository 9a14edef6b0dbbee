import { append, decideHold, dueSettle, leaseOf, openLedger, receive, openReplica, seal, Decision, Lease, Settle, type AnyRecord, balances, conservationProblems } from '@planetary-mesh/spec'
import { Log } from './log.ts'
import { CHARTER, dora, emil, makeAward, makeBid, makeHold, makeManifest, makeReceipt, makeToken, makeVerdict, nonce, bruno, chiara, gita, startMs } from './world.ts'
const N = Number(process.argv[2] ?? 10000)
const ledger = openLedger(CHARTER.cid)
const known = new Map<string, AnyRecord>()
const linked = (cid: any) => known.get(cid.toString())
let spent = 0, decide = 0, n = 0
const marks: number[] = []
const put = (r: any) => { const t = performance.now(); append(ledger, r, startMs + n, linked); spent += performance.now() - t; n++; if (n % Math.floor(N/5) === 0) { marks.push(spent) } }
put(CHARTER)
const token = makeToken({ amount: 10_000_000, expiresAtMs: null })
put(token)
for (let j = 0; n < N; j++) {
  const manifest = makeManifest(token, { nonce: nonce(j), createdAtMs: startMs + n })
  const hold = makeHold(manifest)
  known.clear(); known.set(manifest.cid.toString(), manifest)
  const t0 = performance.now()
  const d = decideHold(ledger, hold, manifest, startMs + n)
  decide += performance.now() - t0
  const decision = seal(Decision, d.body, dora)
  const at = n
  { const t = performance.now(); append(ledger, decision, startMs + at, linked); append(ledger, hold, startMs + at, linked); spent += performance.now() - t; n += 2 }
  const who = [bruno, chiara, gita][j % 3]!
  const bid = makeBid(manifest, { validUntilMs: startMs + 1e9 }, who)
  const award = makeAward(manifest, [bid], { logSize: ledger.size })
  known.set(bid.cid.toString(), bid); known.set(award.cid.toString(), award)
  const lease = seal(Lease, leaseOf(ledger, award, startMs + n, linked).body, dora)
  put(lease)
  const receipt = makeReceipt({ lease, manifest }, {}, who)
  put(receipt)
  put(makeVerdict(receipt, {}, dora)); put(makeVerdict(receipt, {}, emil))
  const job = ledger.jobs.get(manifest.cid.toString())!
  put(seal(Settle, dueSettle(ledger, job, startMs + n)!, dora))
}
console.log({ entries: n, ms: spent.toFixed(0), perSecond: Math.round(n / spent * 1000), decideMs: decide.toFixed(0), marks: marks.map(m => m.toFixed(0)), problems: conservationProblems(ledger).length })
