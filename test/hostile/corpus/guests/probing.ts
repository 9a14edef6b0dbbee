/** Guests that want to know the machine they run on: its clock, its chance, its environment. */
import { exits, type Guest } from '../guest.ts'

const probe = (name: string, attack: string, body: string, more: Partial<Guest> = {}): Guest => ({
  name,
  attack,
  canary: 'machine',
  wat: `(func (export "_start") (local $i i32) (local $round i32) ${body})`,
  expected: exits(0),
  door: 'differs',
  ...more,
})
const time = (clock: number) =>
  `(drop (call $clock_time_get (i32.const ${clock}) (i64.const 0) (i32.const 64)))`
const SAY_TIME = '(call $number (i64.load (i32.const 64)))'
const WORK = `(loop $work (br_if $work (i32.lt_u
  (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))`
/** Says ten times how long `body` took. */
const timed = (body: string) => `(loop $rounds
  (local.set $i (i32.const 0))
  ${time(1)} (i64.store (i32.const 72) (i64.load (i32.const 64))) ${body} ${time(1)}
  (call $number (i64.sub (i64.load (i32.const 64)) (i64.load (i32.const 72))))
  (br_if $rounds (i32.lt_u
    (local.tee $round (i32.add (local.get $round) (i32.const 1))) (i32.const 10))))`
const OWN_FILE = `(call $word (i32.const 3) (i32.const 1)) (call $text (str "/own"))
  (drop (call $open (i32.const 3) (i32.const 1) (i64.const 0x200040)))`

export const PROBING_GUESTS: readonly Guest[] = [
  probe('what time it is', 'says the time of the real clock', `${time(0)} ${SAY_TIME}`),
  probe('how long it is up', 'says the time of the monotonic clock', `${time(1)} ${SAY_TIME}`),
  probe('what the process took', 'says the CPU time of its process', `${time(2)} ${SAY_TIME}`),
  probe('what the thread took', 'says the CPU time of its thread', `${time(3)} ${SAY_TIME}`),
  probe(
    'how fast it is',
    'times a loop of its own, by which it would tell machines and neighbours apart',
    timed(WORK),
  ),
  probe(
    'what is in the cache',
    'times loads that a neighbour may have made slow',
    timed(`(loop $touch
       (i32.store8 (i32.const 80) (i32.load8_u (i32.and (local.get $i) (i32.const 0x1ffff))))
       (br_if $touch (i32.lt_u
         (local.tee $i (i32.add (local.get $i) (i32.const 64))) (i32.const 1000000))))`),
  ),
  probe(
    'when a file was made',
    'makes a file and says its times',
    `${OWN_FILE} (drop (call $fd_filestat_get (call $opened) (i32.const 128)))
     (call $say (i32.const 168) (i32.const 24))`,
  ),
  probe(
    'where a file lies',
    'makes a file and says the number that it has on the disk',
    `${OWN_FILE} (drop (call $fd_filestat_get (call $opened) (i32.const 128)))
     (call $say (i32.const 128) (i32.const 16))`,
  ),
  probe(
    'a roll of the dice',
    'says random bytes of the machine',
    `(drop (call $random_get (i32.const 128) (i32.const 32)))
     (call $say (i32.const 128) (i32.const 32))`,
  ),
  probe(
    'the whole environment',
    'says all variables of the environment',
    `(drop (call $environ_get (i32.const 256) (i32.const 16384)))
     (call $say (i32.const 16384) (i32.const 4096))`,
    { canary: 'environment', door: 'root' },
  ),
  probe(
    'a socket among descriptors',
    'sends a word to each descriptor that might be a connected socket',
    `(i32.store (i32.const 0) (i32.const 32)) (i32.store (i32.const 4) (i32.const 8))
     (loop $next
       (if (i32.eqz (call $sock_send (local.get $i) (i32.const 0) (i32.const 1) (i32.const 0)
         (i32.const 8))) (then (call $reached)))
       (br_if $next (i32.lt_u
         (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))`,
    { canary: 'port', door: 'linked' },
  ),
]
