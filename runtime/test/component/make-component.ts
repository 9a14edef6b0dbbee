/** Makes components for tests with jco, where the package that runs them is installed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { componentPackage } from '../../src/component/take-apart.ts'

type Jco = {
  parse(text: string): Promise<Uint8Array>
  componentEmbed(what: { binary: Uint8Array; witSource: string }): Promise<Uint8Array>
  componentNew(core: Uint8Array, adapters: [string, Uint8Array][]): Promise<Uint8Array>
  preview1AdapterCommandPath(): URL
}

const folder = componentPackage()
/** Why tests of components are skipped; false where they are not. */
export const MISSING =
  folder === undefined
    ? 'runtime/component is not installed: npm ci --prefix runtime/component'
    : false

async function jco(): Promise<Jco> {
  const api = join(folder ?? '', 'node_modules/@bytecodealliance/jco/src/api.js')
  return import(api)
}

/** A component from its text. */
export const fromText = async (text: string): Promise<Uint8Array> => (await jco()).parse(text)

/** A component of the one world in `wit`, from the text of its core module. */
export async function fromWit(core: string, wit: string): Promise<Uint8Array> {
  const { parse, componentEmbed, componentNew } = await jco()
  const embedded = await componentEmbed({ binary: await parse(core), witSource: wit })
  return componentNew(embedded, [])
}

/** A preview1 program as a preview2 command, with the adapter of the Bytecode Alliance. */
export async function fromProgram(core: Uint8Array): Promise<Uint8Array> {
  const { componentNew, preview1AdapterCommandPath } = await jco()
  return componentNew(core, [
    ['wasi_snapshot_preview1', readFileSync(preview1AdapterCommandPath())],
  ])
}

/** A component of a world of its own: numbers, texts, results, and one function that traps. */
export const WORLD = `(component
  (core module $m
    (memory (export "memory") 1)
    (global $at (mut i32) (i32.const 4096))
    (data (i32.const 16) "hello ")
    (func (export "add") (param i32 i64) (result i64)
      (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $to i32)
      (local.set $to (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
      (global.set $at (i32.add (local.get $to) (local.get 3)))
      (local.get $to))
    (func (export "greet") (param i32 i32) (result i32)
      (memory.copy (i32.const 22) (local.get 0) (local.get 1))
      (i32.store (i32.const 8) (i32.const 16))
      (i32.store (i32.const 12) (i32.add (i32.const 6) (local.get 1)))
      (i32.const 8))
    (func (export "half") (param i32) (result i32)
      (i32.store8 (i32.const 0) (i32.and (local.get 0) (i32.const 1)))
      (i32.store (i32.const 4) (i32.shr_u (local.get 0) (i32.const 1)))
      (i32.const 0))
    (func (export "trap") unreachable)
    (func (export "far") (result i32)
      (i32.store (i32.const 8) (i32.const 65000))
      (i32.store (i32.const 12) (i32.const 65000))
      (i32.const 8)))
  (core instance $i (instantiate $m))
  (func $add (param "a" u32) (param "b" u64) (result u64) (canon lift (core func $i "add")))
  (func $greet (param "name" string) (result string)
    (canon lift (core func $i "greet") (memory $i "memory")
      (realloc (func $i "realloc"))))
  (func $half (param "n" u32) (result (result u32 (error u32)))
    (canon lift (core func $i "half") (memory $i "memory")))
  (func $trap (canon lift (core func $i "trap")))
  (func $far (result string)
    (canon lift (core func $i "far") (memory $i "memory")))
  (export "add-both" (func $add))
  (export "far" (func $far))
  (export "trap" (func $trap))
  (instance $words (export "greet" (func $greet)) (export "half" (func $half)))
  (export "mesh:test/words@1.0.0" (instance $words)))`

/** Two components in one, each with its memory; a text goes from the one to the other. */
export const COMPOSED = `(component
  (component $B
    (core module $m (memory (export "memory") 1) (global $at (mut i32) (i32.const 4096))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (global.set $at (i32.add (global.get $at) (local.get 3)))
        (i32.sub (global.get $at) (local.get 3)))
      (func (export "sum") (param i32 i32) (result i32)
        (i32.add (local.get 1) (i32.load8_u (local.get 0)))))
    (core instance $i (instantiate $m))
    (func (export "sum") (param "s" string) (result u32)
      (canon lift (core func $i "sum") (memory $i "memory") (realloc (func $i "realloc")))))
  (component $A
    (import "sum" (func $sum (param "s" string) (result u32)))
    (core module $text (memory (export "memory") 1) (data (i32.const 16) "hello"))
    (core instance $t (instantiate $text))
    (core func $lowered (canon lower (func $sum) (memory $t "memory")))
    (core module $m (import "" "sum" (func $sum (param i32 i32) (result i32)))
      (func (export "go") (result i32) (call $sum (i32.const 16) (i32.const 5))))
    (core instance $i (instantiate $m (with "" (instance (export "sum" (func $lowered))))))
    (func (export "go") (result u32) (canon lift (core func $i "go"))))
  (instance $b (instantiate $B))
  (instance $a (instantiate $A (with "sum" (func $b "sum"))))
  (export "go" (func $a "go")))`

/** Says how far it is, once. */
export const REPORTING = `(component
  (import "mesh:job/progress" (instance $job
    (export "report" (func (param "done" u64) (param "total" u64)))))
  (core func $report (canon lower (func $job "report")))
  (core module $m (import "" "report" (func $report (param i64 i64)))
    (func (export "go") (call $report (i64.const 3) (i64.const 4))))
  (core instance $i (instantiate $m (with "" (instance (export "report" (func $report))))))
  (func (export "go") (canon lift (core func $i "go"))))`

/** Asks for timers for ever and drops none. */
export const HOARD = `(component
  (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (export "pollable" (type $p (eq $pollable)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core module $m (import "" "subscribe" (func $s (param i64) (result i32)))
    (func (export "go") (loop (drop (call $s (i64.const 1))) (br 0))))
  (core instance $i (instantiate $m (with "" (instance (export "subscribe" (func $subscribe))))))
  (func (export "go") (canon lift (core func $i "go"))))`

/** A resource with a constructor, a function that makes one and one that reads it. */
export const COUNTERS = `(component
  (type $r (resource (rep i32)))
  (core func $new (canon resource.new $r))
  (core module $m (import "" "new" (func $new (param i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "counter") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "make") (param i32) (result i32)
      (i32.store (i32.const 8) (call $new (local.get 0)))
      (i32.store (i32.const 12) (local.get 0))
      (i32.const 8))
    (func (export "read") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func $counter (param "start" u32) (result (own $r)) (canon lift (core func $i "counter")))
  (type $made (tuple (own $r) u32))
  (func $make (param "start" u32) (result $made)
    (canon lift (core func $i "make") (memory $i "memory")))
  (func $read (param "it" (borrow $r)) (result u32) (canon lift (core func $i "read")))
  (component $named
    (import "r" (type $r (sub resource)))
    (import "counter" (func $counter (param "start" u32) (result (own $r))))
    (type $given (tuple (own $r) u32))
    (import "make" (func $make (param "start" u32) (result $given)))
    (import "read" (func $read (param "it" (borrow $r)) (result u32)))
    (export $n "counter" (type $r))
    (type $made (tuple (own $n) u32))
    (export "[constructor]counter" (func $counter) (func (param "start" u32) (result (own $n))))
    (export "make" (func $make) (func (param "start" u32) (result $made)))
    (export "read" (func $read) (func (param "it" (borrow $n)) (result u32))))
  (instance $n (instantiate $named (with "r" (type $r)) (with "counter" (func $counter))
    (with "make" (func $make)) (with "read" (func $read))))
  (export "acme:test/counters" (instance $n)))`

/** A command that ends by `exit-with-code`. */
export const EXITING = `(component
  (import "wasi:cli/exit@0.2.6" (instance $door
    (export "exit-with-code" (func (param "status-code" u8)))))
  (core func $exit (canon lower (func $door "exit-with-code")))
  (core module $m (import "" "exit" (func $exit (param i32)))
    (func (export "run") (result i32) (call $exit (i32.const 3)) (i32.const 0)))
  (core instance $i (instantiate $m (with "" (instance (export "exit" (func $exit))))))
  (type $ended (result))
  (func $run (result $ended) (canon lift (core func $i "run")))
  (instance $command (export "run" (func $run)))
  (export "wasi:cli/run@0.2.6" (instance $command)))`
