;; Asks for one page after the other until memory.grow says -1, then exits with how many it got.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $got i32)
    (block $refused
      (loop $again
        (br_if $refused (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        ;; the page is there: its last byte can be written
        (i32.store8
          (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))
          (i32.const 1))
        (local.set $got (i32.add (local.get $got) (i32.const 1)))
        (br $again)))
    (call $proc_exit (local.get $got))))
