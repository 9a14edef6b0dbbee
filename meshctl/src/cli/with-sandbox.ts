/** A sandbox for as long as something is done with it, gone afterwards however that ended. */
import { setTimeout as wait } from 'node:timers/promises'
import { openSandbox } from '@planetary-mesh/runtime'
import type { Sandbox } from '@planetary-mesh/spec'
import { type CleanUp, interruptible } from './interrupt.ts'

/** Slots that are still starting end with this process: they are not waited for longer. */
const CLOSE_MS = 1000

/** A backend: the sandbox of the mesh unless another is named. */
export type OpenSandbox = (options: { slots: number; spares: number }) => Promise<Sandbox>

/** Opens a sandbox that is closed among `cleanUps`, even if they are due before it is open. */
export function openSandboxIn(
  cleanUps: CleanUp[],
  slots: number,
  open: OpenSandbox = openSandbox,
): Promise<Sandbox> {
  const opening = open({ slots, spares: 0 })
  const closed = () =>
    opening.then(
      (sandbox) => sandbox.close(),
      () => {}, // told to whoever waits for it
    )
  cleanUps.push(() => Promise.race([closed(), wait(CLOSE_MS, undefined, { ref: false })]))
  return opening
}

export function withSandbox<T>(
  slots: number,
  use: (sandbox: Sandbox) => Promise<T>,
  open: OpenSandbox = openSandbox,
): Promise<T> {
  return interruptible(async (cleanUps) => use(await openSandboxIn(cleanUps, slots, open)))
}
