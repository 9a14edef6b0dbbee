/** Somebody on the network who may say anything: sends the writer records and hears its answer. */
import { appendMessage, encodeMessage, openMessage, type Sealed } from '@planetary-mesh/spec'
import type { TestMesh } from './harness.ts'
import { dora, mallory } from './people.ts'

export type Stranger = {
  /** Asks the writer to log records; its answer to the last is 'appended' or a refusal's code. */
  append(records: readonly Sealed[], linked?: readonly Sealed[]): Promise<string>
}

export function openStranger(mesh: TestMesh, signer = mallory): Stranger {
  const answers = new Map<string, string>()
  const transport = mesh.hub.join(signer.did)
  transport.listen((_, bytes) => {
    const message = openMessage(bytes)
    if (message.type === 'appended') answers.set(`${message.request}`, 'appended')
    if (message.type === 'refused') answers.set(`${message.request}`, message.error.code)
  })
  return {
    append(records, linked = []) {
      const key = `${records.at(-1)?.cid}`
      answers.delete(key)
      transport.send(dora.did, encodeMessage(appendMessage(records, linked)))
      return mesh.until(`the writer's answer on ${key}`, () => answers.get(key))
    },
  }
}
