/**
 * Every limit of the system in one place, units last in the name. The relations between them are
 * asserted at the end: a change that breaks one does not load.
 */
import { assert } from './assert.ts'

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
  scopesMax: 64,
  /** A settled job takes verdicts until its hold is over and so many entries have followed. */
  entriesAfterSettle: 1024,
  /** Entries before a job's hold that its award need not have folded. */
  awardLagMax: 1024,
  /** Anchors that a replica keeps whole; of older ones it keeps one in `anchorsPerMark`. */
  anchorsKept: 512,
  anchorsPerMark: 64,
  /** How often a process asks the log writer for one thing before it says that it is away. */
  appendTriesMax: 20,
  findingsMax: 64,
  verdictsMax: 64,
  delegationDepthMax: 8,
  attemptsMax: 16,
  holdAfterDeadlineMsMax: 24 * 60 * 60_000,
  // sandbox
  moduleBytesMax: 16 * MiB,
  inputBytesMax: 1 * GiB,
  outputBytesMax: 64 * MiB,
  outputFilesMax: 1024,
  wasmFunctionsMax: 65_536,
  wasmFunctionBytesMax: 1 * MiB,
  wasmLocalsMax: 10_000,
  wasmLocalsOfAllMax: 4_000_000,
  wasmParametersMax: 255,
  /** Few: a block that passes many values on costs a few bytes, and the engine as much as each. */
  wasmResultsMax: 32,
  wasmOperandsMax: 16_384,
  wasmTypesMax: 8192,
  wasmImportsMax: 1024,
  wasmExportsMax: 8192,
  wasmGlobalsMax: 8192,
  wasmTablesMax: 16,
  wasmTableElementsMax: 1_000_000,
  wasmDataSegmentsMax: 65_536,
  wasmElementSegmentsMax: 65_536,
  /** Blocks within blocks: a switch of so many cases is as deep. */
  wasmNestingMax: 16_384,
  /** Of all blocks of one function together; a block that takes and gives none counts as one. */
  wasmBlockValuesMax: 524_288,
  memoryPagesMax: 32_768,
  descriptorsMax: 256,
  /** Of a component: core modules, components in each other, handles held at one time. */
  componentModulesMax: 32,
  componentDepthMax: 8,
  componentHandlesMax: 4096,
  /** Lifted by one call, each value in a list counted as eight bytes more than it has. */
  componentLiftBytesMax: 64 * MiB,
  componentApartMs: 120_000,
  pathBytesMax: 4096,
  nameBytesMax: 255,
  linksFollowedMax: 40,
  iovecsMax: 1024,
  subscriptionsMax: 4096,
  guestNodesMax: 65_536,
  guestFileBytesMax: 256 * MiB,
  slotsMax: 256,
  runsWaitingMax: 1024,
  moduleCacheBytesMax: 256 * MiB,
  moduleFilesBytesMax: 1 * GiB,
  wallMsMax: 24 * 60 * 60_000,
  requestsMax: 256,
  callDepthUnitsMax: 98_304,
  // defaults (decisions 22)
  resourceAmountDefault: 100,
  memoryPagesDefault: 8192,
  bidWindowMs: 500,
  deadlineMs: 10 * 60_000,
  attemptsDefault: 3,
  // log
  batchEntriesMax: 100,
  /** Entry, record and what it names, for each entry, and the anchor. */
  /** Sent to one reader at a time; it asks again when it has folded them. */
  batchesPerAnswerMax: 64,
  batchBlocksMax: 100 * (3 + 256) + 1,
  /** Between two anchors of the log, unless a batch is full. */
  batchMs: 50,
  logEntriesMax: 10_000_000,
  anchorsWaitingMax: 1024,
  carBytesMax: 4 * GiB,
  // queues and waits
  /** Proven records of a process that lasts: a job has some fifteen, wanted for a few seconds. */
  recordsRememberedMax: 2048,
  /** And of a command that folds one log again and again. */
  logRecordsRememberedMax: 8192,
  denialsRememberedMax: 4096,
  /** Of each codec. */
  cidsRememberedMax: 4096,
  rememberedBytesMax: 8 * MiB,
  eventsQueuedMax: 65_536,
  /** Messages that wait for their turn: of one member, and the bytes of all. */
  heardOfOneMax: 16_384,
  heardBytesOfOneMax: 16 * MiB,
  heardBytesMax: 64 * MiB,
  /** Lines in a log about what one member did wrong, in so long a time. */
  noticesMax: 16,
  noticePauseMs: 10_000,
  noticesRememberedMax: 4096,
  /** Jobs that ended before anybody took them, with what the nodes had said. */
  endedRememberedMax: 256,
  timersMax: 1_000_000,
  logBytesWaitingMax: 64 * MiB,
  journalEntryBytesMax: 8 * MiB,
  /** Of the log writer's journal so many are held at a start, or up to twice as many. */
  ledgerEntriesRead: 4096,
  jobsHeldMax: 100_000,
  callsWaitingMax: 4096,
  /** Records in one request to the ledger: a full batch and one request fit into a message. */
  appendBytesMax: 1 * MiB,
  messageBytesMax: 4 * MiB,
  // disk
  /** Together in one durable write; a larger group waits for the next. */
  commitBytesMax: 16 * MiB,
  storeReserveBytesMax: 64 * MiB,
  /** How long it is believed what the disk said of its free room. */
  storeLookMs: 1000,
  journalMarkMs: 200,
  /** What a process has folded is written down after so many entries, and at its end. */
  entriesPerSnapshot: 8192,
  snapshotBytesMax: 256 * MiB,
  /** With more open jobs none is written: a process does nothing else meanwhile. */
  snapshotJobsMax: 10_000,
  // network
  connectionsMax: 256,
  strangersMax: 16,
  strangerMs: 30_000,
  dialMs: 10_000,
  redialMs: 1000,
  redialMsMax: 30_000,
  requestMs: 10_000,
  requestsServedMax: 32,
  requestBytesMax: 4 * MiB,
  sendBytesMax: 16 * MiB,
  sendMessagesMax: 4096,
  gossipBytesMax: 64 * KiB,
  addressBytesMax: 256,
  addressesMax: 16,
  invitesMax: 1024,
  /** A clock further off than this is told to the owner. */
  clockOffMs: 2000,
  inviteMsMax: 30 * 24 * 60 * 60_000,
  blockFetchMs: 10_000,
  blockFetchesMax: 16,
  /** Of one file at the same time. */
  fileFetchesMax: 4,
  blockAskMs: 2000,
  /** How long a home looks for a member that keeps a job's files, and waits for one alone. */
  keepMs: 10_000,
  keepSilenceMs: 2500,
  /** Jobs whose files a member fetches side by side to keep them. */
  keepsMax: 3,
  keptRememberedMax: 8192,
  /** What one home may have kept for jobs that are not in the log, and how long that counts. */
  keepUnpaidBytesMax: 2 * GiB,
  keepsUnpaidMax: 1024,
  keepUnpaidMs: 60 * 60_000,
  logStreamsMax: 4,
  /** How long a log writer that starts again waits for a witness, and then for the others. */
  firstWitnessMs: 30_000,
  otherWitnessesMs: 5000,
  witnessesAskedMax: 16,
  logStallMs: 10_000,
  // control API
  controlRequestsMax: 64,
  controlConnectionsMax: 256,
  /** Event streams: those and requests together are not more than `controlRequestsMax`. */
  controlStreamsMax: 32,
  /** Of what a running job says, so much is held for whoever watches. */
  liveBytesMax: 256 * KiB,
  livePiecesMax: 4096,
  /** How long a member that is asked for it waits for news before it says that there are none. */
  liveWaitMs: 5000,
  controlListMax: 500,
  /** A list ends before it is larger, and says that there is more. */
  controlListBytesMax: 16 * MiB,
  controlJsonBytesMax: 4 * KiB,
  controlStallMs: 30_000,
  statusPauseMs: 50,
  heartbeatMs: 15_000,
  /** Heard within this time, a node without a connection is suspect, afterwards offline. */
  nodeSuspectMs: 30_000,
  carBlocksMax: 65_536,
  // CCL
  cclSourceBytesMax: 1 * MiB,
  cclDiagnosticsMax: 100,
  cclNestingMax: 256,
  cclListMax: 4096,
  cclCellsMax: 65_536,
  cclConstantStepsMax: 1_000_000,
  cclStepsMax: 1_000_000_000,
  cclRulesMax: 256,
  cclTiesMax: 8,
  cclEffectsMax: 64,
  /** A policy in force, as compiled and as written; and what one decision may take, in steps. */
  policyModuleBytesMax: 96 * KiB,
  policySourceBytesMax: 64 * KiB,
  policyStepsMax: 1_000_000,
  policyInputsMax: 256,
  circlesMax: 64,
} as const

assert(LIMITS.fileChunkBytes < LIMITS.blockBytesMax, 'a file chunk fits into a block')
assert(LIMITS.recordBytesMax <= LIMITS.blockBytesMax, 'a record fits into a block')
assert(LIMITS.fuelMax <= LIMITS.amountMax, 'fuel is an amount')
assert(
  LIMITS.inputBytesMax <= LIMITS.fileChunkBytes * LIMITS.fileLinksMax ** 2,
  'the largest input is at most two levels of links',
)
assert(LIMITS.outputBytesMax < LIMITS.guestFileBytesMax, 'output meets its own cap first')
assert(LIMITS.attemptsDefault <= LIMITS.attemptsMax, 'the default is allowed')
assert(
  LIMITS.messageBytesMax / 4 + 2 * LIMITS.appendBytesMax < LIMITS.messageBytesMax,
  'a full batch and one more request fit into a message',
)
assert(LIMITS.recordBytesMax < LIMITS.messageBytesMax, 'a record fits into a message')
assert(
  LIMITS.heardOfOneMax < LIMITS.eventsQueuedMax && LIMITS.heardBytesOfOneMax < LIMITS.heardBytesMax,
  'one member who says too much leaves room for the others',
)
assert(LIMITS.messageBytesMax < LIMITS.heardBytesOfOneMax, 'a message may wait')
assert(
  LIMITS.keepsMax * LIMITS.fileFetchesMax < LIMITS.blockFetchesMax,
  'whoever keeps files for others can still fetch those of its own jobs',
)
assert(
  LIMITS.moduleBytesMax + LIMITS.inputBytesMax <= LIMITS.keepUnpaidBytesMax,
  'the largest job can be kept before it is in the log',
)
assert(LIMITS.keepSilenceMs < LIMITS.keepMs, 'there is time to ask a second member')
assert(LIMITS.messageBytesMax < LIMITS.journalEntryBytesMax, 'a message fits into a journal entry')
