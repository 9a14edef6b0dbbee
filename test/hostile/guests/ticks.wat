;; Asks for the time for ever, and writes a byte now and then: it can be stopped at any call.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\01\00\00\00")
  (data (i32.const 32) ".")
  (func (export "_start") (local $count i32)
    (loop $again
      (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 16)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (if (i32.eqz (i32.and (local.get $count) (i32.const 0x3ff)))
        (then (drop
          (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
      (br $again))))
