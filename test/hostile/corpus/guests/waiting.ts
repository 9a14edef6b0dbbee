/** Guests that wait: for an hour, for ever, for what never comes, or without waiting. */
import { exits, type Guest, OUT_OF_FUEL } from '../guest.ts'

/** Writes a subscription at `at`: to a clock, with a time in ns, absolute with flag 1. */
const clock = (at: number, id: number, ns: bigint, flags = 0) => `
  (i64.store (i32.const ${at}) (i64.const 7)) (i32.store8 (i32.const ${at + 8}) (i32.const 0))
  (i32.store (i32.const ${at + 16}) (i32.const ${id}))
  (i64.store (i32.const ${at + 24}) (i64.const ${ns}))
  (i64.store (i32.const ${at + 32}) (i64.const 0))
  (i32.store16 (i32.const ${at + 40}) (i32.const ${flags}))`
/** To a descriptor's bytes. */
const stream = (at: number, fd: number) => `
  (i32.store8 (i32.const ${at + 8}) (i32.const 1))
  (i32.store (i32.const ${at + 16}) (i32.const ${fd}))`
const poll = (count: number | string) =>
  `(call $poll_oneoff (i32.const 32768) (i32.const 98304) (i32.const ${count}) (i32.const 8))`
const start = (body: string) =>
  `(memory (export "memory") 4) (func (export "_start") (local $i i32) ${body})`

const HOUR_NS = 3_600_000_000_000n
const wait = (told: Omit<Guest, 'canary' | 'door'> & Partial<Guest>): Guest => ({
  canary: 'slot',
  door: 'waits',
  ...told,
})

export const WAITING_GUESTS: readonly Guest[] = [
  wait({
    name: 'sleeping for an hour',
    attack: 'sleeps for an hour, in which its slot does nothing else',
    wat: start(`${clock(32_768, 1, HOUR_NS)} (drop ${poll(1)})`),
    expected: exits(0),
  }),
  wait({
    name: 'sleeping until a far day',
    attack: 'sleeps until a time of the clock that is centuries away',
    wat: start(`${clock(32_768, 0, 9_000_000_000_000_000_000n, 1)} (drop ${poll(1)})`),
    expected: exits(0),
  }),
  wait({
    name: 'many long sleeps',
    attack: 'waits for the first of a thousand timers, each of an hour',
    wat: start(`(loop $more
      (i64.store offset=32792 (i32.mul (local.get $i) (i32.const 48)) (i64.const ${HOUR_NS}))
      (i32.store offset=32784 (i32.mul (local.get $i) (i32.const 48)) (i32.const 1))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 1000))))
      (drop ${poll(1000)})`),
    expected: exits(0),
  }),
  wait({
    name: 'waiting for a word',
    attack: 'waits for input that nobody will give',
    wat: start(`${stream(32_768, 0)} (drop ${poll(1)})`),
    expected: exits(0),
  }),
  wait({
    name: 'sleeping again and again',
    attack: 'sleeps for no time at all, for ever',
    wat: start(`${clock(32_768, 1, 0n)} (loop $more (drop ${poll(1)}) (br $more))`),
    expected: OUT_OF_FUEL,
  }),
  wait({
    name: 'many empty timers',
    attack: 'asks for four thousand timers at once, for ever',
    wat: `(memory (export "memory") 8) (func (export "_start")
      (loop $more
        (drop (call $poll_oneoff (i32.const 32768) (i32.const 262144) (i32.const 4000)
          (i32.const 8)))
        (br $more)))`,
    expected: OUT_OF_FUEL,
  }),
]
