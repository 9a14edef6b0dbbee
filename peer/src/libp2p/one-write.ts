/**
 * What is said to one member within one turn of the event loop leaves in one write. libp2p hands
 * each message to the socket in several pieces (length, bytes, checksum): each would be a system
 * call here, a packet, and a read on the other side.
 */
import type { Socket } from 'node:net'
import type { MultiaddrConnection, Upgrader } from '@libp2p/interface'
import type { tcp } from '@libp2p/tcp'
import { assert } from '@planetary-mesh/spec'

type MakeTransport = ReturnType<typeof tcp>

/** The same transport, whose connections gather what they write. */
export function inOneWrite(make: MakeTransport): MakeTransport {
  return (components) => {
    const transport = make(components)
    const dial: typeof transport.dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) =>
      dial(address, { ...options, upgrader: gathering(options.upgrader) })
    transport.createListener = (options) =>
      createListener({ ...options, upgrader: gathering(options.upgrader) })
    return transport
  }
}

/** Every connection of the transport passes here, with its socket, before anything is written. */
function gathering(upgrader: Upgrader): Upgrader {
  return {
    upgradeOutbound: (connection: MultiaddrConnection, options: never) =>
      upgrader.upgradeOutbound(gathered(connection), options),
    upgradeInbound: (connection, options: never) =>
      upgrader.upgradeInbound(gathered(connection), options),
    createInboundAbortSignal: (signal) => upgrader.createInboundAbortSignal(signal),
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters(),
  }
}

/** What libp2p's connection over TCP has, though its type does not say so. */
type OverSocket = MultiaddrConnection & {
  socket?: Socket
  sendData?: (data: Iterable<Uint8Array>) => unknown
}

function gathered(connection: OverSocket): MultiaddrConnection {
  const { socket, sendData } = connection
  assert(socket !== undefined && sendData !== undefined, 'a connection over TCP has a socket')
  let isGathering = false
  const flush = () => {
    isGathering = false
    socket.uncork()
  }
  connection.sendData = (data) => {
    if (!isGathering) {
      isGathering = true
      socket.cork()
      setImmediate(flush)
    }
    return sendData.call(connection, data)
  }
  return connection
}
