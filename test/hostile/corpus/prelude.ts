/**
 * What the hostile guests have in common, as WebAssembly text: speaking, putting paths together,
 * opening and reading. Of their memory the first 32 KiB are its: vectors at 0, results at 16,
 * arguments from 256, the path from 8192, a second path from 12288, what was read from 16384.
 */
export const PRELUDE = `
(func $say (param $at i32) (param $length i32)
  (i32.store (i32.const 0) (local.get $at))
  (i32.store (i32.const 4) (local.get $length))
  (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

;; it is where it must not be
(data (i32.const 32) "REACHED\\n")
(func $reached (call $say (i32.const 32) (i32.const 8)))

;; ends with an errno; success is what must not be
(func $end (param $errno i32)
  (if (i32.eqz (local.get $errno)) (then (call $reached)))
  (call $proc_exit (local.get $errno)))

;; the path under construction
(global $length (mut i32) (i32.const 0))
(global $held (mut i32) (i32.const 0))
(func $fresh (global.set $length (i32.const 0)))
(func $text (param $at i32) (param $size i32)
  (memory.copy
    (i32.add (i32.const 8192) (global.get $length)) (local.get $at) (local.get $size))
  (global.set $length (i32.add (global.get $length) (local.get $size))))
(func $texts (param $at i32) (param $size i32) (param $times i32)
  (loop $more
    (call $text (local.get $at) (local.get $size))
    (br_if $more (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))

;; puts argument $index after the path, without its first $skip bytes; see ARGUMENT
(func $word (param $index i32) (param $skip i32)
  (local $at i32) (local $to i32)
  (drop (call $args_get (i32.const 256) (i32.const 1024)))
  (local.set $at
    (i32.add (local.get $skip)
      (i32.load offset=256 (i32.shl (local.get $index) (i32.const 2)))))
  (local.set $to (local.get $at))
  (block $done
    (loop $more
      (br_if $done (i32.eqz (i32.load8_u (local.get $to))))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br $more)))
  (call $text (local.get $at) (i32.sub (local.get $to) (local.get $at))))

;; keeps the path as the second one, and begins another
(func $hold
  (memory.copy (i32.const 12288) (i32.const 8192) (global.get $length))
  (global.set $held (global.get $length))
  (call $fresh))

(func $open (param $fd i32) (param $flags i32) (param $rights i64) (result i32)
  (call $path_open (local.get $fd) (i32.const 1) (i32.const 8192) (global.get $length)
    (local.get $flags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 16)))
(func $opened (result i32) (i32.load (i32.const 16)))

;; reads and says what is there
(func $take (param $fd i32) (result i32)
  (local $errno i32)
  (i32.store (i32.const 0) (i32.const 16384))
  (i32.store (i32.const 4) (i32.const 4096))
  (local.set $errno (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
  (if (i32.eqz (local.get $errno))
    (then (call $say (i32.const 16384) (i32.load (i32.const 8)))))
  (local.get $errno))

(func $read (param $fd i32) (result i32)
  (local $errno i32)
  (local.set $errno (call $open (local.get $fd) (i32.const 0) (i64.const 2)))
  (if (i32.eqz (local.get $errno)) (then (local.set $errno (call $take (call $opened)))))
  (local.get $errno))

;; says the names in a folder
(func $list (param $fd i32) (result i32)
  (local $errno i32)
  (local.set $errno (call $open (local.get $fd) (i32.const 2) (i64.const 0x4000)))
  (if (i32.eqz (local.get $errno)) (then
    (local.set $errno
      (call $fd_readdir (call $opened) (i32.const 16384) (i32.const 4096) (i64.const 0)
        (i32.const 8)))
    (call $say (i32.const 16384) (i32.load (i32.const 8)))))
  (local.get $errno))

;; says a number as its bytes
(func $number (param $value i64)
  (i64.store (i32.const 16) (local.get $value))
  (call $say (i32.const 16) (i32.const 8)))
`

/** The arguments of every guest: `$word` takes their numbers. */
export const ARGUMENT = { job: 0, file: 1, folder: 2, scratch: 3, port: 4, outputs: 5 } as const
