/**
 * What every participant is: ports to the world, the one shell, and the ports' twins in memory.
 * What listens is in `@planetary-mesh/peer/network`: it is slow to load, and most tools need none.
 */
export { type Car, readCar, writeCar } from './car.ts'
export {
  type BidsView,
  type ControlClient,
  type JobEnd,
  type JobEvent,
  type JobView,
  openControlClient,
  type ReceiptView,
  type TokenView,
} from './control/control-client.ts'
export {
  ConfigError,
  type DaemonConfig,
  type DaemonConfigInput,
  isAddress,
  readConfig,
  writeConfig,
} from './daemon/config.ts'
export { configFileOf, keyFileOf, readCharter, writeCharter } from './daemon/folder.ts'
export { parseHours } from './daemon/hours.ts'
export { type JoinLine, parseJoinLine } from './daemon/join-line.ts'
export { readKeyFile, writeKeyFile } from './daemon/key-file.ts'
export {
  isAlive,
  type RunFile,
  readLiveRunFile,
  readRunFile,
  removeRunFile,
  runFileOf,
} from './daemon/run-file.ts'
export { isMissing } from './daemon/write-file.ts'
export { openExec } from './exec.ts'
export { fetchFile } from './fetch-file.ts'
export type { LevelBlocks } from './level/level-blocks.ts'
export {
  type LevelDisk,
  type LevelDiskOptions,
  openLevelDisk,
} from './level/level-disk.ts'
export { type LiveEvent, type LiveJob, type LiveJobs, openLiveJobs } from './live-jobs.ts'
export { batchesIn, type LogBatch, type LogRange, openLogRange } from './log-range.ts'
export { type DiskOptions, type MemoryDisk, openMemoryDisk } from './memory/memory-disk.ts'
export { openMemoryKeyring } from './memory/memory-keyring.ts'
export { type Delivery, type MemoryHub, openMemoryHub } from './memory/memory-transport.ts'
export { openVirtualClock, type VirtualClock } from './memory/virtual-clock.ts'
export type { Notice } from './notice.ts'
export { createOpener, type Opener } from './opener.ts'
export type * from './ports.ts'
export type { Process, ServeOptions } from './process.ts'
export { openSeededRandom, openSystemRandom } from './random.ts'
export { serve } from './serve.ts'
export { openSystemClock } from './system-clock.ts'
