/**
 * Every limit of the system in one place, units last in the name. The relations between them are
 * asserted at the end: a change that breaks one does not load.
 */
import assert from 'node:assert'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

export const LIMITS = {
  // blocks
  blockBytesMax: 2 * MiB,
  recordBytesMax: 256 * KiB,
  blockDepthMax: 64,
  fileChunkBytes: 1 * MiB,
  fileLinksMax: 174,
  directoryEntriesMax: 4096,
  pathDepthMax: 32,
  // units
  amountMax: Number.MAX_SAFE_INTEGER,
  fuelPerUnit: 1_000_000_000,
  fuelMax: 2 ** 44,
  // records
  textBytesMax: 1024,
  argsMax: 256,
  argBytesMax: 4 * KiB,
  inputsMax: 64,
  membersMax: 4096,
  policiesMax: 256,
  bidsMax: 256,
  findingsMax: 64,
  verdictsMax: 64,
  delegationDepthMax: 8,
  attemptsMax: 16,
  // sandbox
  moduleBytesMax: 16 * MiB,
  inputBytesMax: 1 * GiB,
  outputBytesMax: 64 * MiB,
  stdoutBytesMax: 4 * MiB,
  outputFilesMax: 1024,
  wasmFunctionsMax: 65_536,
  wasmFunctionBytesMax: 1 * MiB,
  wasmLocalsMax: 10_000,
  wasmTypesMax: 8192,
  wasmImportsMax: 1024,
  wasmExportsMax: 8192,
  wasmGlobalsMax: 8192,
  wasmTablesMax: 16,
  wasmTableElementsMax: 1_000_000,
  wasmDataSegmentsMax: 65_536,
  memoryPagesMax: 32_768,
  descriptorsMax: 256,
  callDepthUnitsMax: 131_072,
  hostReplySeconds: 30,
  // defaults (decisions 22)
  resourceAmountDefault: 100,
  memoryPagesDefault: 8192,
  bidWindowMs: 500,
  deadlineMs: 10 * 60_000,
  attemptsDefault: 3,
  // log
  batchEntriesMax: 100,
  batchMs: 50,
  logEntriesMax: 10_000_000,
  // queues and waits
  eventsQueuedMax: 65_536,
  jobsHeldMax: 100_000,
  callsWaitingMax: 4096,
  messageBytesMax: 4 * MiB,
  // CCL
  cclSourceBytesMax: 4 * MiB,
  cclDiagnosticsMax: 100,
  cclNestingMax: 256,
} as const

assert(LIMITS.fileChunkBytes < LIMITS.blockBytesMax)
assert(LIMITS.recordBytesMax <= LIMITS.blockBytesMax)
assert(LIMITS.fuelMax <= LIMITS.amountMax)
assert(LIMITS.inputBytesMax <= LIMITS.fileChunkBytes * LIMITS.fileLinksMax ** 2)
assert(LIMITS.moduleBytesMax <= LIMITS.fileChunkBytes * LIMITS.fileLinksMax)
assert(LIMITS.stdoutBytesMax <= LIMITS.outputBytesMax)
assert(LIMITS.attemptsDefault <= LIMITS.attemptsMax)
assert(LIMITS.recordBytesMax < LIMITS.messageBytesMax)
