// The sentences S1-7 to S1-16 over six daemons, each with a store and ports of its own: asked over
// their control APIs, read from their logs, with a member that lies where a sentence is about lies.
// They share the six, so their order counts: verdicts before all have started, bids before a
// seventh joins, and last what is left when they are stopped.
import './sentences/verdicts.ts'
import './sentences/jobs.ts'
import './sentences/awards.ts'
import './sentences/runs.ts'
import './sentences/deaths.ts'
import './sentences/records.ts'
