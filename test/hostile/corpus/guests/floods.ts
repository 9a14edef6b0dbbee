/** Guests that say or keep more than they may: streams, files, names, descriptors. */
import { exits, type Guest, OUT_OF_FUEL, OUTPUT_LIMIT } from '../guest.ts'

const flood = (told: Omit<Guest, 'canary' | 'door'> & Partial<Guest>): Guest => ({
  canary: 'slot',
  door: 'root',
  ...told,
})
const FROM_SCRATCH = '(call $fresh) (call $word (i32.const 3) (i32.const 1))'
/** The path of its own folder whose files are the job's outputs; elsewhere, its scratch folder. */
const IN_OUT = '(call $fresh) (call $word (i32.const 5) (i32.const 1))'
const PATH = '(i32.const 8192) (global.get $length)'
const HELD = '(i32.const 12288) (global.get $held)'
/** Rights: write, seek, allocate, size. */
const RIGHTS = '(i64.const 0x400144)'

/** Says 4000 bytes in each of so many vectors, so often; then it is where it must not be. */
const says = (stream: number, vectors: number, times: number) => `
(func (export "_start") (local $i i32)
  (loop $fill
    (i32.store offset=50000 (local.get $i) (i32.const 40000))
    (i32.store offset=50004 (local.get $i) (i32.const 4000))
    (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8)))
      (i32.const ${8 * vectors}))))
  (local.set $i (i32.const ${times}))
  (loop $more
    (drop (call $fd_write (i32.const ${stream}) (i32.const 50000) (i32.const ${vectors})
      (i32.const 8)))
    (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
  (call $end (i32.const 0)))`

/** Opens a new file among its outputs and does `act` to it, which gives an errno. */
const onFile = (act: string, folder = IN_OUT) => `
(func (export "_start") (local $errno i32)
  ${folder} (call $text (str "/large"))
  (local.set $errno (call $open (i32.const 3) (i32.const 1) ${RIGHTS}))
  (if (i32.eqz (local.get $errno)) (then (local.set $errno ${act})))
  (call $end (local.get $errno)))`

/** Does `body` with numbers from 0 to `count`, each as a name of four letters. */
const named = (count: number, body: string) => `
(func $name (param $i i32)
  (i32.store8 (i32.const 64) (i32.const 47))
  (i32.store8 offset=65 (i32.const 0)
    (i32.add (i32.const 97) (i32.rem_u (local.get $i) (i32.const 26))))
  (i32.store8 offset=66 (i32.const 0)
    (i32.add (i32.const 97) (i32.rem_u (i32.div_u (local.get $i) (i32.const 26))
      (i32.const 26))))
  (i32.store8 offset=67 (i32.const 0)
    (i32.add (i32.const 97) (i32.div_u (local.get $i) (i32.const 676))))
  (call $text (i32.const 64) (i32.const 4)))
(func (export "_start") (local $i i32) (local $errno i32)
  (loop $more
    ${body}
    (if (local.get $errno) (then (call $end (local.get $errno))))
    (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
      (i32.const ${count}))))
  (call $end (i32.const 0)))`

export const FLOOD_GUESTS: readonly Guest[] = [
  flood({
    name: 'flooding stdout',
    attack: 'writes 400 kB to stdout, in small pieces',
    wat: says(1, 1, 100),
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'flooding stderr',
    attack: 'writes 400 kB to stderr, where a limit is easily forgotten',
    wat: says(2, 1, 100),
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'one write of many vectors',
    attack: 'says the same bytes a thousand times with one call',
    wat: says(1, 1000, 1),
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'a long file',
    attack: 'sets the size of an output to 1 GB without writing it',
    wat: onFile('(call $fd_filestat_set_size (call $opened) (i64.const 1000000000))'),
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'a file just over the limit',
    attack: 'sets the size of an output to a little more than may leave the sandbox',
    wat: onFile('(call $fd_filestat_set_size (call $opened) (i64.const 70000))'),
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'space in advance',
    attack: 'has 2 MB allocated for an output',
    wat: onFile('(call $fd_allocate (call $opened) (i64.const 0) (i64.const 2000000))'),
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'a byte far out',
    attack: 'writes one byte at 2 GB of an output, which must then have the bytes before',
    wat: onFile(`(block (result i32)
      (i32.store (i32.const 0) (i32.const 32)) (i32.store (i32.const 4) (i32.const 1))
      (call $fd_pwrite (call $opened) (i32.const 0) (i32.const 1) (i64.const 2000000000)
        (i32.const 8)))`),
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'seeking far out',
    attack: 'seeks to 100 MB of a file in scratch and writes there',
    wat: onFile(
      `(block (result i32)
      (drop (call $fd_seek (call $opened) (i64.const 100000000) (i32.const 0) (i32.const 24)))
      (i32.store (i32.const 0) (i32.const 32)) (i32.store (i32.const 4) (i32.const 1))
      (call $fd_write (call $opened) (i32.const 0) (i32.const 1) (i32.const 8)))`,
      FROM_SCRATCH,
    ),
    expected: OUT_OF_FUEL,
  }),
  flood({
    name: 'outputs without end',
    attack: 'makes 1500 empty outputs, which cost whoever imports them',
    wat: named(
      1500,
      `${IN_OUT} (call $name (local.get $i))
      (local.set $errno (call $open (i32.const 3) (i32.const 1) ${RIGHTS}))
      (drop (call $fd_close (call $opened)))`,
    ),
    expected: exits(51),
    limits: { fuelMax: 20_000_000 },
  }),
  flood({
    name: 'descriptors without end',
    attack: 'opens 300 files and closes none',
    wat: named(
      300,
      `${FROM_SCRATCH} (call $name (local.get $i))
      (local.set $errno (call $open (i32.const 3) (i32.const 1) ${RIGHTS}))`,
    ),
    expected: exits(33),
  }),
  flood({
    name: 'names for one file',
    attack: 'writes one file of 30 kB and gives it a hundred names among the outputs',
    wat: `${named(
      100,
      `(if (i32.eqz (local.get $i)) (then
        ${IN_OUT} (call $text (str "/one"))
        (drop (call $open (i32.const 3) (i32.const 1) ${RIGHTS}))
        (drop (call $fd_filestat_set_size (call $opened) (i64.const 30000)))
        (call $hold)))
      ${IN_OUT} (call $name (local.get $i))
      (local.set $errno
        (call $path_link (i32.const 3) (i32.const 0) ${HELD} (i32.const 3) ${PATH}))`,
    )}`,
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'a large file moved out',
    attack: 'makes a file of 200 kB in scratch, where it may, and renames it to an output',
    wat: `(func (export "_start")
      ${FROM_SCRATCH} (call $text (str "/large"))
      (drop (call $open (i32.const 3) (i32.const 1) ${RIGHTS}))
      (drop (call $fd_filestat_set_size (call $opened) (i64.const 200000)))
      (call $hold) ${IN_OUT} (call $text (str "/moved"))
      (call $end (call $path_rename (i32.const 3) ${HELD} (i32.const 3) ${PATH})))`,
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'a large folder moved out',
    attack: 'fills a folder in scratch and renames the folder to a place among the outputs',
    wat: `(func (export "_start")
      ${FROM_SCRATCH} (call $text (str "/box"))
      (drop (call $path_create_directory (i32.const 3) ${PATH}))
      (call $hold)
      ${FROM_SCRATCH} (call $text (str "/box/large"))
      (drop (call $open (i32.const 3) (i32.const 1) ${RIGHTS}))
      (drop (call $fd_filestat_set_size (call $opened) (i64.const 200000)))
      ${IN_OUT} (call $text (str "/moved"))
      (call $end (call $path_rename (i32.const 3) ${HELD} (i32.const 3) ${PATH})))`,
    expected: OUTPUT_LIMIT,
  }),
  flood({
    name: 'folders in folders',
    attack: 'makes a folder in a folder forty times, deeper than outputs may be',
    wat: `(func (export "_start") (local $i i32) (local $errno i32)
      ${IN_OUT}
      (loop $more
        (call $text (str "/d"))
        (local.set $errno (call $path_create_directory (i32.const 3) ${PATH}))
        (if (local.get $errno) (then (call $end (local.get $errno))))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 40))))
      (call $end (i32.const 0)))`,
    expected: exits(37),
  }),
  flood({
    name: 'a long name',
    attack: 'names a file with 200 characters of which each is three bytes long',
    wat: onFile('(i32.const 0)').replace(
      '(str "/large")',
      `(str "/${'\\e2\\82\\ac'.repeat(200)}")`,
    ),
    expected: exits(37),
    door: 'none',
  }),
]
