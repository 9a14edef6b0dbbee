/** Guests that never end, by every kind of loop that has no end. */
import { type Guest, OUT_OF_FUEL } from '../guest.ts'

const endless = (name: string, attack: string, wat: string, more: Partial<Guest> = {}): Guest => ({
  name,
  attack,
  canary: 'slot',
  wat,
  expected: OUT_OF_FUEL,
  door: 'endless',
  ...more,
})
const start = (body: string) => `(func (export "_start") ${body})`
const bare = (body: string, fields = '') => `(module ${fields} ${start(body)})`

export const SPINNING_GUESTS: readonly Guest[] = [
  endless('the smallest loop', 'branches back without doing anything', bare('(loop (br 0))')),
  endless(
    'a loop on a condition',
    'branches back on a condition that always holds',
    bare('(loop (br_if 0 (i32.const 1)))'),
  ),
  endless(
    'a loop by a table of labels',
    'branches back by br_table, past who looks for br alone',
    bare('(loop (br_table 0 0 0 (i32.const 1)))'),
  ),
  endless(
    'loops in loops',
    'counts to 2^32 in each of three loops, each of which has an end',
    bare(
      `(loop $a (loop $b (loop $c
        (br_if $c (local.tee 0 (i32.add (local.get 0) (i32.const 1)))))
        (br_if $b (local.tee 1 (i32.add (local.get 1) (i32.const 1)))))
        (br_if $a (local.tee 2 (i32.add (local.get 2) (i32.const 1)))))`,
    ).replace('(export "_start")', '(export "_start") (local i32 i32 i32)'),
  ),
  endless(
    'a loop that carries values',
    'carries two values round a loop of a block type with parameters',
    bare(
      `(i64.const 1) (i64.const 1)
      (loop (param i64 i64) (result i64 i64)
        (local.set 0) (local.tee 1) (local.get 0) (local.get 1) (i64.add) (br 0))
      (drop) (drop)`,
    ).replace('(export "_start")', '(export "_start") (local i64 i64)'),
  ),
  endless(
    'a tree of calls',
    'calls itself twice at each of ninety levels: 2^90 calls and never deep',
    bare(
      '(call $tree (i32.const 90))',
      `(func $tree (param i32)
        (if (local.get 0) (then
          (call $tree (i32.sub (local.get 0) (i32.const 1)))
          (call $tree (i32.sub (local.get 0) (i32.const 1))))))`,
    ),
  ),
  endless(
    'doubling functions',
    'calls in sixty functions the next one twice: no loop and no cycle at all',
    bare(
      '(call 0)',
      Array.from({ length: 60 }, (_, index) =>
        index < 59 ? `(func (call ${index + 1}) (call ${index + 1}))` : '(func)',
      ).join('\n'),
    ),
  ),
  endless(
    'a loop of dear instructions',
    'divides and takes roots, of which each costs as much as an addition to who counts badly',
    bare(
      `(loop (local.set 0 (f64.sqrt (f64.div (local.get 0) (f64.const 1.0000001))))
        (local.set 1 (i64.rem_u (i64.const 0x7fffffffffffff) (i64.or (local.get 1) (i64.const 3))))
        (br 0))`,
    ).replace('(export "_start")', '(export "_start") (local f64 i64)'),
  ),
  endless(
    'a loop of vectors',
    'multiplies vectors for ever',
    bare(
      `(loop (local.set 0 (i64x2.mul (local.get 0) (i64x2.add (local.get 0)
        (v128.const i64x2 3 5)))) (br 0))`,
    ).replace('(export "_start")', '(export "_start") (local v128)'),
  ),
  endless(
    'a loop that misses the cache',
    'reads all over its memory, so that each load waits',
    bare(
      `(loop (local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 1664525))
          (i32.load (i32.and (local.get 0) (i32.const 0x3ffffc)))))
        (br 0))`,
      '(memory 64)',
    ).replace('(export "_start")', '(export "_start") (local i32)'),
  ),
  endless(
    'asking for the time',
    'asks for the time for ever',
    start('(loop (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64))) (br 0))'),
  ),
  endless(
    'giving way',
    'yields for ever, as one that waits politely',
    start('(loop (drop (call $sched_yield)) (br 0))'),
  ),
  endless(
    'asking for chance',
    'has the host make sixty thousand random bytes with each call',
    start('(loop (drop (call $random_get (i32.const 40000) (i32.const 60000))) (br 0))'),
    { door: 'waits' },
  ),
  endless(
    'reading nothing',
    'reads stdin into a thousand empty vectors for ever',
    start(
      `(loop (drop (call $fd_read (i32.const 0) (i32.const 40000) (i32.const 1000)
        (i32.const 8))) (br 0))`,
    ),
  ),
  endless(
    'asking for arguments',
    'has its arguments copied for ever',
    start('(loop (drop (call $args_get (i32.const 256) (i32.const 1024))) (br 0))'),
  ),
  endless(
    'looking up a long path',
    'looks up a path of nearly four thousand characters for ever',
    `(func (export "_start")
      (call $texts (str "./") (i32.const 1900))
      (loop (drop (call $path_filestat_get (i32.const 3) (i32.const 1) (i32.const 8192)
        (global.get $length) (i32.const 128))) (br 0)))`,
  ),
  endless(
    'outrunning the meter',
    'spins with all the fuel there is; only the deadline of real time ends that',
    bare('(loop (br 0))'),
    { expected: { type: 'fault', reason: 'deadline' }, limits: { fuelMax: 2 ** 44, wallMs: 40 } },
  ),
]
