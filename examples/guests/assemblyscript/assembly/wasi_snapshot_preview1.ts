/**
 * The functions of WASI preview1 that the job uses. The file has the name of the module that they
 * are imported from. Each answers an errno, 0 for success; `usize` arguments are addresses.
 */
export declare function args_sizes_get(count: usize, bytes: usize): i32
export declare function args_get(pointers: usize, bytes: usize): i32
export declare function fd_close(fd: i32): i32
export declare function fd_read(fd: i32, iovecs: usize, count: usize, read: usize): i32
export declare function fd_write(fd: i32, iovecs: usize, count: usize, written: usize): i32
export declare function path_open(
  directory: i32,
  lookupFlags: i32,
  path: usize,
  pathBytes: usize,
  openFlags: i32,
  rights: i64,
  rightsInheriting: i64,
  fdFlags: i32,
  fd: usize,
): i32
export declare function proc_exit(code: i32): void
