/** The roles of a federation: the log writer, its witnesses, and the verifiers of receipts. */
export type { Book, LedgerConfig } from './ledger/book.ts'
export { ledgerRole } from './ledger/role.ts'
export { type VerifierConfig, type VerifierState, verifierRole } from './verifier.ts'
export { type WitnessState, witnessRole } from './witness.ts'
