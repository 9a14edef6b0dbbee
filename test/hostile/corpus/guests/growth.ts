/** Guests that want more memory than their 64 pages, or longer tables than there may be. */
import { exits, type Guest, OUT_OF_FUEL, refusedModule } from '../guest.ts'

const slot = (told: Omit<Guest, 'canary'>): Guest => ({ canary: 'slot', ...told })

/** Ends with 12 (out of memory, so to say) when `got` is 0, and is where it must not be else. */
const gets = (fields: string, got: string) => `${fields}
(func (export "_start") (local $i i32)
  (if ${got} (then (call $end (i32.const 0))))
  (call $end (i32.const 12)))`
const MEMORY = '(memory (export "memory") 2)'
const forEver = (fields: string, body: string) => `${fields}
(func (export "_start") (loop $more ${body} (br $more)))`

export const GROWTH_GUESTS: readonly Guest[] = [
  slot({
    name: 'memory page by page',
    attack: 'grows its memory by one page a thousand times',
    wat: `${MEMORY}
(func (export "_start") (local $i i32)
  (loop $more
    (drop (memory.grow (i32.const 1)))
    (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
      (i32.const 1000))))
  (call $end
    (select (i32.const 0) (i32.const 12) (i32.gt_u (memory.size) (i32.const 64)))))`,
    expected: exits(12),
    door: 'linked',
    limits: { fuelMax: 20_000_000 },
  }),
  slot({
    name: 'memory in one leap',
    attack: 'grows its memory by 128 MiB at once and writes at the end of it',
    wat: gets(
      MEMORY,
      `(if (result i32) (i32.eq (memory.grow (i32.const 2048)) (i32.const -1))
        (then (i32.const 0))
        (else (i32.store (i32.const 134217720) (i32.const 1)) (i32.const 1)))`,
    ),
    expected: exits(12),
    door: 'linked',
  }),
  slot({
    name: 'memory beyond its own maximum',
    attack: 'declares the largest maximum there is, to have it taken for what is allowed',
    wat: gets(
      '(memory (export "memory") 2 65536)',
      '(i32.ne (memory.grow (i32.const 100)) (i32.const -1))',
    ),
    expected: exits(12),
    door: 'linked',
  }),
  slot({
    name: 'memory from the start',
    attack: 'declares more memory than it may have as what it starts with',
    wat: gets('(memory (export "memory") 2000)', '(i32.gt_u (memory.size) (i32.const 64))'),
    expected: refusedModule(/2000/),
    door: 'linked',
  }),
  slot({
    name: 'a table in one leap',
    attack: 'grows a table to two million elements',
    wat: gets(
      '(table 1 funcref)',
      '(i32.ne (table.grow (ref.null func) (i32.const 2000000)) (i32.const -1))',
    ),
    expected: exits(12),
    door: 'linked',
  }),
  slot({
    name: 'a table step by step',
    attack: 'grows a table by a quarter of what it may be, again and again',
    wat: `(table $table 1 funcref)
(func (export "_start") (local $i i32)
  (loop $more
    (drop (table.grow $table (ref.null func) (i32.const 250000)))
    (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
      (i32.const 12))))
  (call $end
    (select (i32.const 0) (i32.const 12) (i32.gt_u (table.size $table) (i32.const 1000000)))))`,
    expected: exits(12),
    door: 'linked',
    limits: { fuelMax: 200_000_000 },
  }),
  slot({
    name: 'a table from the start',
    attack: 'declares a table of nine million elements',
    wat: gets('(table $t 9000000 funcref)', '(i32.gt_u (table.size $t) (i32.const 1000000))'),
    expected: refusedModule(/9000000/),
    door: 'linked',
  }),
  slot({
    name: 'filling memory',
    attack: 'fills all its memory for ever: one instruction, a megabyte of work',
    wat: forEver(
      '(memory (export "memory") 64)',
      '(memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304))',
    ),
    expected: OUT_OF_FUEL,
    door: 'waits',
  }),
  slot({
    name: 'copying memory',
    attack: 'copies half of its memory to the other half for ever',
    wat: forEver(
      '(memory (export "memory") 64)',
      '(memory.copy (i32.const 2097152) (i32.const 1) (i32.const 2097152))',
    ),
    expected: OUT_OF_FUEL,
    door: 'waits',
  }),
  slot({
    name: 'unpacking data',
    attack: 'copies a data segment into its memory for ever',
    wat: forEver(
      `${MEMORY} (data $d "${'hostile '.repeat(400)}")`,
      '(memory.init $d (i32.const 40000) (i32.const 0) (i32.const 3200))',
    ),
    expected: OUT_OF_FUEL,
    door: 'endless',
  }),
  slot({
    name: 'filling a table',
    attack: 'fills a table of a hundred thousand elements for ever',
    wat: forEver(
      '(table $t 100000 funcref)',
      '(table.fill $t (i32.const 0) (ref.null func) (i32.const 100000))',
    ),
    expected: OUT_OF_FUEL,
    door: 'waits',
  }),
  slot({
    name: 'copying a table',
    attack: 'copies half of a table to the other half for ever',
    wat: forEver(
      '(table $t 100000 funcref)',
      '(table.copy $t $t (i32.const 50000) (i32.const 1) (i32.const 49999))',
    ),
    expected: OUT_OF_FUEL,
    door: 'waits',
  }),
  slot({
    name: 'unpacking elements',
    attack: 'copies an element segment into a table for ever',
    wat: forEver(
      `(table $t 1000 funcref)
       (elem $e func ${'$reached '.repeat(1000)})`,
      '(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1000))',
    ),
    expected: OUT_OF_FUEL,
    door: 'waits',
  }),
]
