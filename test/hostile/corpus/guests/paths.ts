/** Guests that look for a way from the files they were given to those of the host. */
import { exits, type Guest } from '../guest.ts'

type Told = Pick<Guest, 'name' | 'attack' | 'wat' | 'expected'> & Partial<Guest>
const path = (told: Told): Guest => ({ canary: 'file', door: 'root', ...told })

const NOT_CAPABLE = exits(76)
const NO_ENTRY = exits(44)

/** Builds a path and reads what is there. */
const reads = (build: string, fd = 3) => `
(func (export "_start") ${build} (call $end (call $read (i32.const ${fd}))))`
const FILE = '(call $word (i32.const 1) (i32.const 1))'
const FOLDER = '(call $word (i32.const 2) (i32.const 1))'
const SCRATCH = '(call $word (i32.const 3) (i32.const 1))'
/** The path as arguments of a call. */
const PATH = '(i32.const 8192) (global.get $length)'
const HELD = '(i32.const 12288) (global.get $held)'

/** Makes the symbolic link `way` in the scratch folder that says what the second path says. */
const LINKS = `
(func $way ${SCRATCH} (call $text (str "/way")))
(func $link (result i32)
  (call $fresh) (call $way)
  (drop (call $path_unlink_file (i32.const 3) ${PATH}))
  (call $path_symlink ${HELD} (i32.const 3) ${PATH}))`
const viaLink = (target: string, then = '') => `${LINKS}
(func (export "_start")
  ${target} (call $hold)
  (drop (call $link))
  ${then}
  (call $end (call $read (i32.const 3))))`

/** Builds the path of the host's file and does `act` to it, which gives an errno. */
const acts = (act: string, build = FILE) => `
(func (export "_start") ${build} (call $end ${act}))`

export const PATH_GUESTS: readonly Guest[] = [
  path({
    name: 'absolute path',
    attack: 'opens the absolute path of a file of the host',
    wat: reads('(call $word (i32.const 1) (i32.const 0))'),
    expected: NOT_CAPABLE,
    door: 'none',
  }),
  path({
    name: 'path from the root',
    attack: 'opens the path of a file of the host below the preopened root',
    wat: reads(FILE),
    expected: NO_ENTRY,
  }),
  path({
    name: 'climbing',
    attack: 'climbs above the root with .. and comes down in the host',
    wat: reads(`(call $texts (str "../") (i32.const 12)) ${FILE}`),
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'climbing from a folder',
    attack: 'goes into /in before it climbs, so that the first name is allowed',
    wat: reads(`(call $text (str "in/")) (call $texts (str "../") (i32.const 5)) ${FILE}`),
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'climbing in between',
    attack: 'climbs in small steps that each look as if they stayed inside',
    wat: reads(`(call $texts (str "tmp/../../") (i32.const 8)) ${FILE}`),
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'dots and slashes',
    attack: 'hides where a path leads behind ./ and //',
    wat: reads(`(call $texts (str ".//./") (i32.const 9)) (call $text (str "../")) ${FILE}`),
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'long path',
    attack: 'passes a path that is nearly as long as a path may be',
    wat: reads(`(call $texts (str "./") (i32.const 1900)) ${FILE}`),
    expected: NO_ENTRY,
  }),
  path({
    name: 'longer path',
    attack: 'passes a path longer than a path may be, which cut short would be another',
    wat: reads(`(call $texts (str "./") (i32.const 2040)) ${FILE}`),
    expected: exits(37),
  }),
  path({
    name: 'deep path',
    attack: 'goes in and out of folders more often than a path has levels',
    wat: reads(`(call $texts (str "tmp/../") (i32.const 200)) ${FILE}`),
    expected: NO_ENTRY,
  }),
  path({
    name: 'the root of the process',
    attack: 'takes /proc/self/root as a way to the root of the host',
    wat: reads(`(call $text (str "proc/self/root")) (call $text (str "/")) ${FILE}`),
    expected: NO_ENTRY,
  }),
  path({
    name: 'the environment of the process',
    attack: 'reads the environment of its process out of /proc',
    canary: 'environment',
    wat: reads('(call $text (str "proc/self/environ"))'),
    expected: NO_ENTRY,
  }),
  path({
    name: 'the memory map of the process',
    attack: 'reads out of /proc where its process has what in memory',
    canary: 'slot',
    wat: `(func (export "_start") (local $errno i32)
      (call $text (str "proc/self/maps"))
      (local.set $errno (call $read (i32.const 3)))
      (call $end (local.get $errno)))`,
    expected: NO_ENTRY,
  }),
  path({
    name: 'every descriptor',
    attack: 'tries the path on every descriptor that there may be',
    wat: `(func (export "_start") (local $fd i32) (local $errno i32)
      ${FILE}
      (loop $next
        (local.set $errno (call $read (local.get $fd)))
        (if (i32.eqz (local.get $errno)) (then (call $end (i32.const 0))))
        (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $fd) (i32.const 300))))
      (call $end (local.get $errno)))`,
    expected: exits(8),
  }),
  path({
    name: 'a folder as a foothold',
    attack: 'opens the folder of the file first, and the file from there',
    wat: `(func (export "_start") (local $errno i32)
      ${FOLDER} (call $text (str "/.."))
      (local.set $errno
        (call $path_open (i32.const 3) (i32.const 1) ${PATH} (i32.const 2) (i64.const 0x2000)
          (i64.const 2) (i32.const 0) (i32.const 16)))
      (if (local.get $errno) (then (call $end (local.get $errno))))
      (call $fresh) (call $text (str "secret.txt"))
      (call $end (call $read (call $opened))))`,
    expected: NO_ENTRY,
  }),
  path({
    name: 'names in a folder',
    attack: 'lists a folder of the host',
    canary: 'folder',
    wat: acts('(call $list (i32.const 3))', FOLDER),
    expected: NO_ENTRY,
  }),
  path({
    name: 'how large a file is',
    attack: 'asks for the size and times of a file of the host',
    wat: acts(`(call $path_filestat_get (i32.const 3) (i32.const 1) ${PATH} (i32.const 128))`),
    expected: NO_ENTRY,
  }),
  path({
    name: 'what a link says',
    attack: 'reads where a symbolic link of the host leads, which names a secret',
    wat: `(func (export "_start") (local $errno i32)
      ${FOLDER} (call $text (str "/pointer"))
      (local.set $errno (call $path_readlink (i32.const 3) ${PATH}
        (i32.const 16384) (i32.const 4096) (i32.const 8)))
      (if (i32.eqz (local.get $errno))
        (then (call $say (i32.const 16384) (i32.load (i32.const 8)))))
      (call $end (local.get $errno)))`,
    expected: NO_ENTRY,
  }),
  path({
    name: 'emptying a file',
    attack: 'opens a file of the host to truncate it',
    wat: acts('(call $open (i32.const 3) (i32.const 8) (i64.const 0x80040))'),
    expected: NO_ENTRY,
  }),
  path({
    name: 'writing into a file',
    attack: 'climbs to a file of the host and writes over it',
    wat: `(func (export "_start") (local $errno i32)
      (call $texts (str "../") (i32.const 12)) ${FILE}
      (local.set $errno (call $open (i32.const 3) (i32.const 0) (i64.const 0x40)))
      (if (i32.eqz (local.get $errno)) (then
        (i32.store (i32.const 0) (i32.const 32)) (i32.store (i32.const 4) (i32.const 7))
        (local.set $errno
          (call $fd_write (call $opened) (i32.const 0) (i32.const 1) (i32.const 8)))))
      (call $end (local.get $errno)))`,
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'planting a file',
    attack: 'makes a file in a folder of the host',
    canary: 'folder',
    wat: acts(
      '(call $open (i32.const 3) (i32.const 5) (i64.const 0x40))',
      `${FOLDER} (call $text (str "/planted"))`,
    ),
    expected: NO_ENTRY,
  }),
  path({
    name: 'planting a folder',
    attack: 'makes a folder in a folder of the host',
    canary: 'folder',
    wat: acts(
      `(call $path_create_directory (i32.const 3) ${PATH})`,
      `(call $texts (str "../") (i32.const 9)) ${FOLDER} (call $text (str "/planted"))`,
    ),
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'deleting a file',
    attack: 'deletes a file of the host',
    wat: acts(`(call $path_unlink_file (i32.const 3) ${PATH})`),
    expected: NO_ENTRY,
  }),
  path({
    name: 'deleting a folder',
    attack: 'deletes a folder of the host',
    canary: 'folder',
    wat: acts(
      `(call $path_remove_directory (i32.const 3) ${PATH})`,
      `${FOLDER} (call $text (str "/empty"))`,
    ),
    expected: NO_ENTRY,
  }),
  path({
    name: 'changing times',
    attack: 'sets the times of a file of the host',
    wat: acts(`(call $path_filestat_set_times (i32.const 3) (i32.const 1) ${PATH}
      (i64.const 1000000000) (i64.const 1000000000) (i32.const 5))`),
    expected: NO_ENTRY,
  }),
  path({
    name: 'carrying a file in',
    attack: 'renames a file of the host into its own folder',
    wat: `(func (export "_start") (local $errno i32)
      ${FILE} (call $hold) ${SCRATCH} (call $text (str "/loot"))
      (local.set $errno (call $path_rename (i32.const 3) ${HELD} (i32.const 3) ${PATH}))
      (if (i32.eqz (local.get $errno)) (then (drop (call $read (i32.const 3)))))
      (call $end (local.get $errno)))`,
    expected: NO_ENTRY,
  }),
  path({
    name: 'carrying a file out',
    attack: 'renames a file of its own over one of the host',
    wat: `(func (export "_start")
      ${SCRATCH} (call $text (str "/mine"))
      (drop (call $open (i32.const 3) (i32.const 1) (i64.const 0x40)))
      (call $hold) (call $texts (str "../") (i32.const 3)) ${FILE}
      (call $end (call $path_rename (i32.const 3) ${HELD} (i32.const 3) ${PATH})))`,
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'a second name',
    attack: 'links a file of the host to a name in its own folder, and reads it there',
    wat: `(func (export "_start") (local $errno i32)
      ${FILE} (call $hold) ${SCRATCH} (call $text (str "/twin"))
      (local.set $errno
        (call $path_link (i32.const 3) (i32.const 0) ${HELD} (i32.const 3) ${PATH}))
      (if (i32.eqz (local.get $errno)) (then (drop (call $read (i32.const 3)))))
      (call $end (local.get $errno)))`,
    expected: NO_ENTRY,
  }),
  path({
    name: 'a link to the host',
    attack: 'makes a symbolic link to a file of the host by its absolute path, and follows it',
    wat: viaLink('(call $word (i32.const 1) (i32.const 0))'),
    expected: NO_ENTRY,
    door: 'none',
  }),
  path({
    name: 'a link that climbs',
    attack: 'makes a relative symbolic link above the root, and follows it',
    wat: viaLink(`(call $texts (str "../") (i32.const 12)) ${FILE}`),
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'a link in the middle',
    attack: 'makes a symbolic link to a folder above, and opens a file through it',
    wat: viaLink(
      `(call $texts (str "../") (i32.const 11)) (call $text (str ".."))`,
      `(call $text (str "/")) ${FILE}`,
    ),
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'a chain of links',
    attack: 'makes a link to a link that leads out, so that only the last step does',
    wat: `${LINKS}
(func (export "_start")
  (call $texts (str "../") (i32.const 12)) ${FILE} (call $hold)
  (drop (call $link))
  (call $fresh) (call $text (str "way")) (call $hold)
  ${SCRATCH} (call $text (str "/chain"))
  (drop (call $path_symlink ${HELD} (i32.const 3) ${PATH}))
  (call $end (call $read (i32.const 3))))`,
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'a folder that becomes a link',
    attack: 'has a path checked as a folder, then puts a link that leads out in its place',
    wat: `${LINKS}
(func (export "_start")
  (call $way)
  (drop (call $path_create_directory (i32.const 3) ${PATH}))
  (drop (call $path_filestat_get (i32.const 3) (i32.const 0) ${PATH} (i32.const 128)))
  (drop (call $path_remove_directory (i32.const 3) ${PATH}))
  (call $fresh) (call $texts (str "../") (i32.const 12)) ${FILE} (call $hold)
  (drop (call $link))
  (call $end (call $read (i32.const 3))))`,
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'deleting through a link',
    attack: 'makes a link to a folder above and deletes a file of the host through it',
    wat: `${LINKS}
(func (export "_start")
  (call $texts (str "../") (i32.const 11)) (call $text (str "..")) (call $hold)
  (drop (call $link))
  (call $text (str "/")) ${FILE}
  (call $end (call $path_unlink_file (i32.const 3) ${PATH})))`,
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'a link to link through',
    attack: 'gives the file behind a symbolic link a second name, following the link',
    wat: `${LINKS}
(func (export "_start") (local $errno i32)
  (call $texts (str "../") (i32.const 12)) ${FILE} (call $hold)
  (drop (call $link))
  (call $hold) ${SCRATCH} (call $text (str "/twin"))
  (local.set $errno
    (call $path_link (i32.const 3) (i32.const 1) ${HELD} (i32.const 3) ${PATH}))
  (call $end (select (local.get $errno) (call $read (i32.const 3)) (local.get $errno))))`,
    expected: NOT_CAPABLE,
  }),
  path({
    name: 'a name with a NUL',
    attack: 'ends the path early for whoever reads it as a C string',
    wat: reads(`${FILE} (call $text (str "\\00.png"))`),
    expected: exits(28),
    door: 'none',
  }),
  path({
    name: 'dots in too many bytes',
    attack: 'writes .. as overlong UTF-8, which a careless decoder takes for dots',
    wat: reads(`(call $texts (str "\\c0\\ae\\c0\\ae/") (i32.const 6)) ${FILE}`),
    expected: exits(25),
    door: 'none',
  }),
]
