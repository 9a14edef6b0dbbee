/**
 * The connections of a server, bounded so that nobody is kept out: any program of this machine can
 * open them and say nothing. Where there is room for no more, that one goes on which nothing has
 * been answered for longest.
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export type Connections = {
  /** Whether part of an answer is on its way there: nothing else may be said in between. */
  isSpokenTo(socket: Socket): boolean
}

/** At most `max` at a time; one on which a request is being answered is left alone. */
export function boundConnections(server: Server, max: number): Connections {
  /** Those on which nothing is being answered, the longest of them first. */
  const quiet = new Set<Socket>()
  /** What is being answered on each of the others. */
  const answers = new Map<Socket, Set<ServerResponse>>()
  let open = 0

  server.on('connection', (socket: Socket) => {
    open += 1
    quiet.add(socket)
    socket.once('close', () => {
      open -= 1
      quiet.delete(socket)
      answers.delete(socket)
    })
    const [longest] = quiet
    if (open <= max || longest === undefined) return
    quiet.delete(longest)
    longest.destroy()
  })

  server.on('request', ({ socket }, answer) => {
    quiet.delete(socket)
    const here = answers.get(socket) ?? new Set()
    answers.set(socket, here.add(answer))
    answer.once('close', () => {
      here.delete(answer)
      if (here.size > 0 || socket.destroyed) return
      answers.delete(socket)
      quiet.add(socket)
    })
  })

  return {
    isSpokenTo: (socket) => [...(answers.get(socket) ?? [])].some((one) => one.headersSent),
  }
}
