/**
 * A stream tells the other side how much more may come when half of its window is used, not after
 * each message: libp2p's Yamux would answer every message with twelve bytes in a packet of their
 * own. Source: Yamux specification, "Flow Control".
 */
import type { StreamMuxerFactory } from '@libp2p/interface'
import { assert } from '@planetary-mesh/spec'

/** What a stream of Yamux has, though its type does not say so. */
type Windowed = {
  /** 3 once both sides know of the stream: before, an update says that it is there. */
  state: number
  recvWindow: number
  /** What the other side may still send. */
  recvWindowCapacity: number
  sendWindowUpdate(): void
}

const ESTABLISHED = 3

type Streams = { _newStream?: (...given: unknown[]) => Windowed }

/** The same multiplexer, whose streams are as thrifty. */
export function tellingHalf(make: () => StreamMuxerFactory): () => StreamMuxerFactory {
  return () => {
    const factory = make()
    const createStreamMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      const muxer = createStreamMuxer(connection)
      const streams = muxer as Streams
      const { _newStream: newStream } = streams
      assert(newStream !== undefined, 'Yamux makes its streams in one place')
      streams._newStream = (...given) => thrifty(newStream.apply(muxer, given))
      return muxer
    }
    return factory
  }
}

function thrifty(stream: Windowed): Windowed {
  const { sendWindowUpdate } = stream
  stream.sendWindowUpdate = () => {
    const isPlenty = 2 * stream.recvWindowCapacity >= stream.recvWindow
    if (stream.state !== ESTABLISHED || !isPlenty) sendWindowUpdate.call(stream)
  }
  return stream
}
