/** The contract, runnable and pure: canonical records, the rules over them, the wire messages. */
export { assert, Fault } from './assert.ts'
export { admit, attempt, CODES, type Code, isCode, Refusal } from './errors.ts'
export { LIMITS } from './limits.ts'
export { type AnyRecord, openAny } from './records/any-record.ts'
export { type Block, decodeBlock, encodeBlock, ensureHash, equalBytes } from './records/block.ts'
export * from './records/cid.ts'
export { type Did, formatDid, isDid, parseDid } from './records/did.ts'
export { encodeDirectory, readDirectory } from './records/directory.ts'
export {
  Bytes,
  type FileRef,
  fitText,
  type Priority,
  type ResourceType,
  type Verification,
} from './records/fields.ts'
export { type EncodedFile, encodeFile, type GetBlock, readFile } from './records/file.ts'
export { Award } from './records/kinds/award.ts'
export { Bid } from './records/kinds/bid.ts'
export { Cancel } from './records/kinds/cancel.ts'
export * from './records/kinds/charter.ts'
export { AuthorisationRequest, AuthorisationValues, Decision } from './records/kinds/decision.ts'
export { Decline } from './records/kinds/decline.ts'
export { Hold } from './records/kinds/hold.ts'
export { KINDS } from './records/kinds/index.ts'
export { Lease } from './records/kinds/lease.ts'
export { Anchor, Cosignature, LogEntry } from './records/kinds/log.ts'
export { Manifest } from './records/kinds/manifest.ts'
export { Receipt, type Result } from './records/kinds/receipt.ts'
export { type ChoiceRule, DEFAULT_RULE, SelectionRule } from './records/kinds/rule.ts'
export { Settle } from './records/kinds/settle.ts'
export { Token } from './records/kinds/token.ts'
export { Verdict } from './records/kinds/verdict.ts'
export * from './records/links.ts'
export * from './records/note.ts'
export {
  actCid,
  defineBlock,
  defineRecord,
  open,
  parse,
  type RecordKind,
  type Sealed,
  type SealedOf,
  seal,
  signedBytes,
  WIRE,
} from './records/record.ts'
export * from './records/signature.ts'
export { type FileNode, readNode } from './records/unixfs.ts'
export * from './role.ts'
export * from './rules/index.ts'
export * from './sandbox.ts'
export * from './wire/calls.ts'
export * from './wire/control.ts'
export { FileName, JobRequest, PRIORITIES } from './wire/job-request.ts'
export * from './wire/messages.ts'
export { verifyPolicyBytes } from './wire/policy-bytes.ts'
export { PolicyHeader, readPolicyHeader } from './wire/policy-header.ts'
