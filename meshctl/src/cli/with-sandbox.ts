/** A sandbox for as long as something is done with it, gone afterwards however that ended. */
import { openSandbox } from '@planetary-mesh/runtime'
import type { Sandbox } from '@planetary-mesh/spec'
import { interruptible } from './interrupt.ts'

export async function withSandbox<T>(
  slots: number,
  use: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const sandbox = await openSandbox({ slots })
  return interruptible(
    () => use(sandbox),
    () => sandbox.close(),
  )
}
