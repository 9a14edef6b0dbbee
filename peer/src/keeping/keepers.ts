/**
 * Who may keep the files of a job beside its home: verifiers first, who will run it again and so
 * fetch them anyway, then whoever runs jobs, then all other machines. Each job has an order of its
 * own among equals, so that no member keeps everything.
 */
import { type Charter, type CID, type Did, type MemberRole, sha256 } from '@planetary-mesh/spec'

const utf8 = new TextEncoder()

/** The roles that a process serves, the best keepers first. */
const SERVED: readonly MemberRole[] = ['verifier', 'executor', 'home', 'witness', 'ledger']

/** The members of the charter to be asked, in this order; `home` is none of them. */
export function keepersOf(charter: Charter, job: CID, home: Did): Did[] {
  const candidates = charter.body.members.flatMap(({ did, roles }) => {
    const rank = SERVED.findIndex((role) => roles.includes(role))
    return rank < 0 || did === home ? [] : [{ did, rank, place: placeOf(job, did) }]
  })
  candidates.sort((a, b) => a.rank - b.rank || Buffer.compare(a.place, b.place))
  return candidates.map(({ did }) => did)
}

const placeOf = (job: CID, did: Did) => sha256(Buffer.concat([job.bytes, utf8.encode(did)]))
