/** Guests whose imports, or features, ask for more than a job has. None of them is run. */
import { type Guest, refusedImport, refusedModule } from '../guest.ts'

type Told = Omit<Guest, 'door'> & Partial<Guest>
const linked = (told: Told): Guest => ({ door: 'linked', ...told })

const SPIN = '(loop $more (br $more))'

export const IMPORT_GUESTS: readonly Guest[] = [
  linked({
    name: 'a function that connects',
    attack: 'imports a function by which a generous host connects to a port',
    canary: 'port',
    wat: `(module (import "env" "connect" (func $connect))
      (func (export "_start") (call $connect)))`,
    expected: refusedImport(/emscripten|JavaScript/),
  }),
  linked({
    name: 'sockets of another host',
    attack: 'imports sock_connect, which some hosts add to preview1',
    canary: 'port',
    wat: `(module (import "wasi_snapshot_preview1" "sock_connect" (func $connect))
      (func (export "_start") (call $connect)))`,
    expected: refusedImport(/sockets are not available/),
  }),
  linked({
    name: 'a file by import',
    attack: 'imports a function by which a generous host reads a file',
    canary: 'file',
    wat: `(module (import "node:fs" "read" (func $read))
      (func (export "_start") (call $read)))`,
    expected: refusedImport(/only WASI preview1/),
  }),
  linked({
    name: 'what every object inherits',
    attack: 'imports from "constructor", which a table of imports has without being given it',
    canary: 'slot',
    wat: `(module (import "constructor" "is" (func $is (param i32 i32) (result i32)))
      (global (export "reached") (mut i32) (i32.const 0))
      (func (export "_start") (global.set 0 (call $is (i32.const 1) (i32.const 1)))))`,
    expected: refusedImport(/only WASI preview1/),
  }),
  linked({
    name: 'what preview1 inherits',
    attack: 'imports "constructor" of preview1, which its object has without being given it',
    canary: 'slot',
    wat: `(module
      (import "wasi_snapshot_preview1" "constructor" (func $make (param i32) (result i32)))
      (global (export "reached") (mut i32) (i32.const 0))
      (func (export "_start") (global.set 0 (call $make (i32.const 1)))))`,
    expected: refusedImport(/no such function/),
  }),
  linked({
    name: 'its own meter',
    attack: 'imports the counter by which it is metered, to fill it up',
    canary: 'slot',
    wat: `(module (import "mesh:meter" "w" (global $w (mut i64)))
      (global (export "reached") (mut i32) (i32.const 0))
      (func (export "_start")
        (global.set $w (i64.const 0x7fffffffffffffff)) (global.set 1 (i32.const 1))))`,
    expected: refusedImport(/./),
  }),
  linked({
    name: 'the memory of another',
    attack: 'imports a memory, which the host might have given to a job before',
    canary: 'neighbour',
    wat: `(module (import "env" "memory" (memory 1))
      (global (export "reached") (mut i32) (i32.const 0))
      (func (export "_start") (global.set 0 (i32.load8_u (i32.const 0)))))`,
    expected: refusedImport(/./),
  }),
  linked({
    name: 'the table of another',
    attack: 'imports a table, whose functions might belong to a job before',
    canary: 'neighbour',
    wat: `(module (import "env" "table" (table 1 funcref))
      (global (export "reached") (mut i32) (i32.const 0))
      (func (export "_start")
        (global.set 0 (i32.eqz (ref.is_null (table.get (i32.const 0)))))))`,
    expected: refusedImport(/./),
  }),
  linked({
    name: 'the mesh itself',
    attack: 'imports the function by which a policy document submits jobs',
    canary: 'port',
    wat: `(module (import "mesh" "connect" (func $connect))
      (func (export "_start") (call $connect)))`,
    expected: refusedImport(/only compiled CCL documents/),
  }),
  linked({
    name: 'a wide type',
    attack: 'imports random_get with another type, to pass what the host does not expect',
    canary: 'slot',
    wat: `(module
      (import "wasi_snapshot_preview1" "random_get" (func $get (param f64 f64) (result i32)))
      (memory (export "memory") 1)
      (global (export "reached") (mut i32) (i32.const 0))
      (func (export "_start")
        (global.set 0
          (i32.eqz (call $get (f64.const 16) (f64.const 8))))))`,
    expected: refusedImport(/expected the type/),
  }),
  {
    name: 'work before the start',
    attack: 'spins in its start section, while nobody has called it yet',
    canary: 'slot',
    wat: `(module (func $spin ${SPIN}) (start $spin) (func (export "_start")))`,
    expected: refusedModule(/start function/),
    door: 'waits',
  },
  {
    name: 'waiting for a thread',
    attack: 'waits on shared memory for a thread that never comes',
    canary: 'slot',
    wat: `(module (memory 1 1 shared)
      (func (export "_start")
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))`,
    expected: refusedModule(/threads are not available/),
    door: 'waits',
  },
  {
    name: 'calls that leave nothing',
    attack: 'calls itself in tail position for ever: neither a loop nor a deep stack',
    canary: 'slot',
    wat: `(module (func $again (export "_start") (return_call $again)))`,
    expected: refusedModule(/tail call/),
    door: 'waits',
  },
  {
    name: 'spinning between exceptions',
    attack: 'throws and catches for ever, past whoever counts branches',
    canary: 'slot',
    wat: `(module (tag $tag)
      (func $throw (throw $tag))
      (func (export "_start")
        (loop $more (try (do (call $throw)) (catch $tag)) (br $more))))`,
    expected: refusedModule(/./),
    door: 'endless',
  },
  {
    name: 'more memory than a limit has bits',
    attack: 'declares a 64 bit memory and grows beyond what 32 bits could name',
    canary: 'slot',
    wat: `(module (memory i64 1)
      (global (export "reached") (mut i32) (i32.const 0))
      (func (export "_start")
        (global.set 0
          (i64.gt_s (memory.grow (i64.const 1000)) (i64.const 0)))))`,
    expected: refusedModule(/64 bit memories/),
    door: 'linked',
  },
]
