/**
 * Guests that look for what another job left in their slot, or leave something for the next. Each
 * looks first, and then leaves what it was given where its next run would look: so it is its own
 * neighbour, once with a secret on stdin and under /in, and once with nothing.
 */
import { exits, type Guest } from '../guest.ts'

const neighbour = (name: string, attack: string, wat: string): Guest => ({
  name,
  attack,
  canary: 'neighbour',
  wat,
  expected: exits(0),
  door: 'again',
})
/** Reads stdin to 40000; its size is at 8 then. */
const HEAR = `
(func $hear
  (i32.store (i32.const 0) (i32.const 40000)) (i32.store (i32.const 4) (i32.const 4096))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))`
const PATH = '(i32.const 8192) (global.get $length)'

/** A file of the scratch folder, `/tmp`, or of the outputs. */
const leavesFile = (folder: string) => `${HEAR}
(func (export "_start")
  (call $fresh) (call $text (str "${folder}"))
  (if (i32.eqz (call $read (i32.const 3))) (then (call $reached)))
  (call $hear)
  (if (i32.eqz (call $open (i32.const 3) (i32.const 1) (i64.const 0x40))) (then
    (i32.store (i32.const 4) (i32.load (i32.const 8)))
    (drop (call $fd_write (call $opened) (i32.const 0) (i32.const 1) (i32.const 8))))))`

export const NEIGHBOUR_GUESTS: readonly Guest[] = [
  neighbour(
    'what memory holds',
    'says whatever its memory holds before it wrote anything there',
    `${HEAR}
(func (export "_start")
  (if (i32.load8_u (i32.const 40000)) (then
    (call $say (i32.const 40000) (i32.const 64)) (call $reached)))
  (call $hear))`,
  ),
  neighbour(
    'what grown memory holds',
    'grows its memory and says what is in the new pages',
    `(memory (export "memory") 2)
(func (export "_start") (local $at i32)
  (local.set $at (i32.shl (memory.size) (i32.const 16)))
  (if (i32.gt_u (memory.size) (i32.const 2)) (then
    (call $say (i32.sub (local.get $at) (i32.const 65536)) (i32.const 64)) (call $reached)))
  (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then
    (if (i32.load8_u (local.get $at)) (then (call $reached)))
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))))`,
  ),
  neighbour(
    'what a global holds',
    'looks whether a global is as its module says or as another run left it',
    `${HEAR}
(global $left (mut i64) (i64.const 0))
(func (export "_start")
  (if (i64.ne (global.get $left) (i64.const 0)) (then
    (call $number (global.get $left)) (call $reached)))
  (call $hear)
  (global.set $left (i64.load (i32.const 40000))))`,
  ),
  neighbour(
    'what a table holds',
    'looks whether another run put a function into its table',
    `(table 4 funcref)
(elem declare func $reached)
(func (export "_start")
  (if (i32.eqz (ref.is_null (table.get (i32.const 2)))) (then (call_indirect (i32.const 2))))
  (table.set (i32.const 2) (ref.func $reached)))`,
  ),
  neighbour(
    'what a file in scratch holds',
    'reads a file that another run left in /tmp',
    leavesFile('left'),
  ),
  neighbour(
    'what a file in outputs holds',
    'reads a file that another run left under /out',
    leavesFile('out/left'),
  ),
  neighbour(
    'a descriptor left open',
    'reads from every descriptor above those it was given',
    `(func (export "_start") (local $fd i32)
      (local.set $fd (i32.const 8))
      (loop $next
        (if (i32.eqz (call $take (local.get $fd))) (then (call $reached)))
        (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $fd) (i32.const 300))))
      (call $text (str "in/given"))
      (drop (call $open (i32.const 3) (i32.const 0) (i64.const 2))))`,
  ),
  neighbour(
    'the rest of stdin',
    'reads a little of stdin, and the next run what is left of it',
    `(global $first (mut i32) (i32.const 1))
(func (export "_start")
  (i32.store (i32.const 0) (i32.const 40000))
  (i32.store (i32.const 4) (i32.const 4))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (if (i32.eqz (global.get $first)) (then
    (drop (call $take (i32.const 0))) (call $reached)))
  (global.set $first (i32.const 0)))`,
  ),
  neighbour(
    'another stderr',
    'puts a file in the place of stderr, so that what the next job says goes there',
    `(func (export "_start")
      ;; it should be no regular file
      (drop (call $fd_filestat_get (i32.const 2) (i32.const 128)))
      (if (i32.eq (i32.load8_u (i32.const 144)) (i32.const 4)) (then (call $reached)))
      (call $text (str "caught"))
      (if (i32.eqz (call $open (i32.const 3) (i32.const 1) (i64.const 0x200064))) (then
        (drop (call $fd_renumber (call $opened) (i32.const 2))))))`,
  ),
  neighbour(
    'a closed root',
    'closes its preopened folders, so that the next job has none',
    `(func (export "_start")
      (if (i32.eq (call $path_create_directory (i32.const 3) (str "mine")) (i32.const 8))
        (then (call $reached)))
      (drop (call $fd_close (i32.const 3))))`,
  ),
  neighbour(
    'rights given up',
    'takes the rights of the root away, so that the next job lacks them',
    `(func (export "_start")
      (call $text (str "mine"))
      (if (i32.eq (call $path_create_directory (i32.const 3) ${PATH}) (i32.const 76))
        (then (call $reached)))
      (drop (call $fd_fdstat_set_rights (i32.const 3) (i64.const 0) (i64.const 0))))`,
  ),
]
