/** One module in the sandbox alone, from host files to what is printed and written. */
import { encodeFile, LIMITS, sha256 } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { withSandbox } from '../cli/with-sandbox.ts'
import { readHostFile } from '../files/host-files.ts'
import { writeOutputs } from '../files/write-outputs.ts'
import { PAGE_BYTES, type RunOptions } from './command.ts'
import { environmentOf, filesOf } from './inputs.ts'
import { printRun, runOutput } from './run-output.ts'

/** The clock starts at 0 and the seed is the module's CID, so the same words give the same run. */
export async function runModule(path: string, options: RunOptions): Promise<Exit> {
  if (path === '-' && options.stdin === '-') {
    throw new UsageError('module and guest cannot both read our stdin')
  }
  const module = await readHostFile(path, LIMITS.moduleBytesMax)
  const stdin = options.stdin === undefined ? [] : [options.stdin]
  const [given = new Uint8Array()] = await Promise.all(
    stdin.map((file) => readHostFile(file, LIMITS.inputBytesMax)),
  )
  const env = environmentOf(options.env ?? [])
  const files = await filesOf(options.input ?? [], options.dir ?? [])
  const { cid } = encodeFile(module)
  const result = await withSandbox(1, (sandbox) =>
    sandbox.run({
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
    }),
  )
  printRun(runOutput(cid, result), result, options.json === true)
  if (options.output !== undefined) {
    await writeOutputs(options.output, result.outputs, options.force === true)
  }
  const { outcome } = result
  return outcome.type === 'exited' && outcome.code === 0 ? EXIT.done : EXIT.refused
}
