/**
 * The numbers of WASI preview1: error codes, rights, flags and the type of every function. Names
 * and values are those of `wasi_snapshot_preview1.witx`.
 */

export const WASI_MODULE = 'wasi_snapshot_preview1'

/** `errno` of preview1: all that this host answers with. */
export const ERRNO = {
  SUCCESS: 0,
  '2BIG': 1,
  BADF: 8,
  BUSY: 10,
  EXIST: 20,
  FAULT: 21,
  FBIG: 22,
  ILSEQ: 25,
  INVAL: 28,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  NAMETOOLONG: 37,
  NOENT: 44,
  NOSPC: 51,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTSOCK: 57,
  NOTSUP: 58,
  OVERFLOW: 61,
  PERM: 63,
  ROFS: 69,
  SPIPE: 70,
  NOTCAPABLE: 76,
} as const
export type ErrnoName = keyof typeof ERRNO

/**
 * A preview1 error on its way from where it is found to the guest. It is no `Error`: it is the
 * guest's business, needs no stack, and a file that is not there must not cost a stack trace.
 */
export class Errno {
  readonly code: number

  constructor(name: ErrnoName) {
    this.code = ERRNO[name]
  }
}

/** Ends the host call in progress with an errno. */
export function fail(name: ErrnoName): never {
  throw new Errno(name)
}

/** EINVAL for a flag that preview1 does not have. */
export function ensureFlags(flags: number, all: number): void {
  if ((flags & ~all) !== 0) fail('INVAL')
}

export const RIGHTS = {
  FD_DATASYNC: 1n << 0n,
  FD_READ: 1n << 1n,
  FD_SEEK: 1n << 2n,
  FD_FDSTAT_SET_FLAGS: 1n << 3n,
  FD_SYNC: 1n << 4n,
  FD_TELL: 1n << 5n,
  FD_WRITE: 1n << 6n,
  FD_ADVISE: 1n << 7n,
  FD_ALLOCATE: 1n << 8n,
  PATH_CREATE_DIRECTORY: 1n << 9n,
  PATH_CREATE_FILE: 1n << 10n,
  PATH_LINK_SOURCE: 1n << 11n,
  PATH_LINK_TARGET: 1n << 12n,
  PATH_OPEN: 1n << 13n,
  FD_READDIR: 1n << 14n,
  PATH_READLINK: 1n << 15n,
  PATH_RENAME_SOURCE: 1n << 16n,
  PATH_RENAME_TARGET: 1n << 17n,
  PATH_FILESTAT_GET: 1n << 18n,
  PATH_FILESTAT_SET_SIZE: 1n << 19n,
  PATH_FILESTAT_SET_TIMES: 1n << 20n,
  FD_FILESTAT_GET: 1n << 21n,
  FD_FILESTAT_SET_SIZE: 1n << 22n,
  FD_FILESTAT_SET_TIMES: 1n << 23n,
  PATH_SYMLINK: 1n << 24n,
  PATH_REMOVE_DIRECTORY: 1n << 25n,
  PATH_UNLINK_FILE: 1n << 26n,
  POLL_FD_READWRITE: 1n << 27n,
} as const
export type Right = keyof typeof RIGHTS

const union = (names: readonly Right[]) => names.reduce((all, name) => all | RIGHTS[name], 0n)

/** What can be done with a regular file, a directory and a standard stream at all. */
export const FILE_RIGHTS = union([
  'FD_DATASYNC',
  'FD_READ',
  'FD_SEEK',
  'FD_FDSTAT_SET_FLAGS',
  'FD_SYNC',
  'FD_TELL',
  'FD_WRITE',
  'FD_ADVISE',
  'FD_ALLOCATE',
  'FD_FILESTAT_GET',
  'FD_FILESTAT_SET_SIZE',
  'FD_FILESTAT_SET_TIMES',
  'POLL_FD_READWRITE',
])
export const DIRECTORY_RIGHTS = union([
  'FD_DATASYNC',
  'FD_FDSTAT_SET_FLAGS',
  'FD_SYNC',
  'FD_ADVISE',
  'PATH_CREATE_DIRECTORY',
  'PATH_CREATE_FILE',
  'PATH_LINK_SOURCE',
  'PATH_LINK_TARGET',
  'PATH_OPEN',
  'FD_READDIR',
  'PATH_READLINK',
  'PATH_RENAME_SOURCE',
  'PATH_RENAME_TARGET',
  'PATH_FILESTAT_GET',
  'PATH_FILESTAT_SET_SIZE',
  'PATH_FILESTAT_SET_TIMES',
  'FD_FILESTAT_GET',
  'FD_FILESTAT_SET_TIMES',
  'PATH_SYMLINK',
  'PATH_REMOVE_DIRECTORY',
  'PATH_UNLINK_FILE',
])
const STREAM_RIGHTS = union(['FD_FDSTAT_SET_FLAGS', 'FD_FILESTAT_GET', 'POLL_FD_READWRITE'])
export const STDIN_RIGHTS = STREAM_RIGHTS | RIGHTS.FD_READ
export const OUTPUT_RIGHTS = STREAM_RIGHTS | RIGHTS.FD_WRITE

export const FILETYPE = { UNKNOWN: 0, DIRECTORY: 3, REGULAR_FILE: 4, SYMBOLIC_LINK: 7 } as const
export const OFLAGS = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 } as const
export const FDFLAGS = { APPEND: 1, DSYNC: 2, NONBLOCK: 4, RSYNC: 8, SYNC: 16 } as const
export const FSTFLAGS = { ATIM: 1, ATIM_NOW: 2, MTIM: 4, MTIM_NOW: 8 } as const
export const OFLAGS_ALL = 15
export const FDFLAGS_ALL = 31
export const FSTFLAGS_ALL = 15
export const LOOKUP_FOLLOW = 1
export const WHENCE = { SET: 0, CUR: 1, END: 2 } as const
export const EVENTTYPE = { CLOCK: 0, FD_READ: 1, FD_WRITE: 2 } as const
export const HANGUP = 1
export const ABSOLUTE_TIME = 1

/** Parameters of every function of preview1: `i` is i32, `I` is i64. All but proc_exit give i32. */
export const SIGNATURES = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'iIi',
  fd_advise: 'iIIi',
  fd_allocate: 'iII',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'iI',
  fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi',
  fd_prestat_get: 'ii',
  fd_prestat_dir_name: 'iii',
  fd_pwrite: 'iiiIi',
  fd_read: 'iiii',
  fd_readdir: 'iiiIi',
  fd_renumber: 'ii',
  fd_seek: 'iIii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiiIIi',
  path_link: 'iiiiiii',
  path_open: 'iiiiiIIii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_exit: 'i',
  proc_raise: 'i',
  random_get: 'ii',
  sched_yield: '',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
} as const
export type WasiName = keyof typeof SIGNATURES
