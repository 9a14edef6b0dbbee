/** One module in the sandbox alone, from host files to what is printed and written. */
import { basename } from 'node:path'
import { openSandbox, openWasmerSandbox } from '@planetary-mesh/runtime'
import { encodeFile, LIMITS, type Sandbox, sha256 } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, quoted } from '../cli/terminal.ts'
import { type OpenSandbox, withSandbox } from '../cli/with-sandbox.ts'
import { readHostFile } from '../files/host-files.ts'
import { writeOutputs } from '../files/write-outputs.ts'
import { PAGE_BYTES, type RunOptions } from './command.ts'
import { environmentOf, filesOf } from './inputs.ts'
import { openLiveRun } from './live-run.ts'
import { printRun, runOutput } from './run-output.ts'
import { isWatText, moduleOfWat } from './wat-text.ts'

/** The clock starts at 0 and the seed is the module's CID, so the same words give the same run. */
export async function runModule(
  path: string,
  options: RunOptions,
  open: OpenSandbox = openSandbox,
): Promise<Exit> {
  if (path === '-' && options.stdin === '-') {
    throw new UsageError('module and guest cannot both read our stdin')
  }
  const source = await readHostFile(path, LIMITS.moduleBytesMax)
  const isText = isWatText(path, source)
  const module = isText ? await moduleOfWat(path, source) : source
  const stdin = options.stdin === undefined ? [] : [options.stdin]
  const [given = new Uint8Array()] = await Promise.all(
    stdin.map((file) => readHostFile(file, LIMITS.inputBytesMax)),
  )
  const env = environmentOf(options.env ?? [])
  const files = await filesOf(options.input ?? [], options.dir ?? [])
  const { cid } = encodeFile(module)
  const isReproducible = options.backend !== 'wasmer'
  const live = options.json ? undefined : openLiveRun()
  const run = (sandbox: Sandbox) =>
    sandbox.run(
      {
        module,
        args: options.arg ?? [],
        env,
        stdin: given,
        files,
        clockMs: 0,
        seed: sha256(cid.bytes),
        limits: {
          fuelMax: options.fuel ?? LIMITS.resourceAmountDefault * LIMITS.fuelPerUnit,
          memoryPagesMax:
            options.memory === undefined
              ? LIMITS.memoryPagesDefault
              : Math.floor(options.memory / PAGE_BYTES),
          outputBytesMax: LIMITS.outputBytesMax,
          // fuel ends every run; this ends a machine that stands still
          wallMs: LIMITS.wallMsMax,
        },
      },
      live ?? {},
    )
  const result = await withSandbox(1, run, isReproducible ? open : openWasmerSandbox)
  live?.finish(result)
  printRun(runOutput(cid, result), options.json === true)
  // a folder copied in from outside, text, and a module from our stdin, have no place in a job
  const isPlain = isReproducible && !isText
  const fits = isPlain && path !== '-' && options.dir === undefined && options.stdin !== '-'
  if (!isReproducible) note(`not reproducible: no job of the mesh runs on ${result.profile}\n`)
  if (fits && !options.json) note(submitLine(path, options, result.fuel))
  if (options.output !== undefined) {
    await writeOutputs(options.output, result.outputs, options.force === true)
  }
  const { outcome } = result
  return outcome.type === 'exited' && outcome.code === 0 ? EXIT.done : EXIT.refused
}

/** The command that would run the same in the mesh, for at least as many units as it took here. */
function submitLine(module: string, options: RunOptions, fuel: number): string {
  const many = (name: string, values: readonly string[] = []) =>
    values.map((value) => ` --${name} ${quoted(value)}`).join('')
  const words =
    many('arg', options.arg) +
    many('env', options.env) +
    many('stdin', options.stdin === undefined ? [] : [options.stdin]) +
    many('input', options.input)
  const units = Math.max(1, Math.ceil(fuel / LIMITS.fuelPerUnit))
  return (
    'to run it in the mesh:\n' +
    `  npx meshctl submit-job --wasm ${quoted(module)} --description ${quoted(basename(module))}` +
    ` --resource-amount ${units}${words}\n`
  )
}
