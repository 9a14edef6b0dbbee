/**
 * Server-Sent Events as they come: name and data of each. Comments and ids are passed over.
 * Source: HTML Living Standard, "Interpreting an event stream".
 */
import { admit } from '@planetary-mesh/spec'

const EVENT_CHARACTERS_MAX = 4 * 1024 * 1024

export type ServerEvent = { event: string; data: string }

/** Refuses LIMIT_EXCEEDED an event of more than 4 Mi characters. */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  let event = ''
  let data: string[] = []
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n/)
    rest = lines.pop() as string
    admit(rest.length <= EVENT_CHARACTERS_MAX, 'LIMIT_EXCEEDED', 'an event without an end')
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0)
          yield { event: event === '' ? 'message' : event, data: data.join('\n') }
        event = ''
        data = []
        continue
      }
      const [, field, value] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line) as RegExpExecArray
      if (field === 'event') event = value as string
      if (field === 'data') data.push(value as string)
    }
  }
}
