// Whoever opens many connections to the control API and asks for nothing.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { LIMITS } from '@planetary-mesh/spec'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import { begin, openStand } from './control-stage.ts'

test('connections that say nothing, or not all, keep nobody out', async () => {
  const max = LIMITS.controlConnectionsMax
  const gate = Promise.withResolvers<void>()
  await using stand = await openStand({
    exec: (_name, { blocks }) => fakeExec(blocks, { gate: () => gate.promise }),
  })
  const { control, client, mesh } = stand
  const job = await mesh.submit()
  const stream = await begin(control, `/v0/jobs/${job.manifest.cid}/events`)
  const sockets = Array.from({ length: max }, (_, index) => {
    const socket = connect(control.port, '127.0.0.1')
    if (index % 2 === 1) socket.write('GET /v0/node HTTP/1.1\r\nHost: 127')
    return socket.on('error', () => {})
  })
  const [first, last] = [sockets[0], sockets[max - 1]] as [Socket, Socket]
  try {
    await Promise.all(
      sockets.map((socket) => socket.readyState === 'open' || once(socket, 'connect')),
    )
    const gone = once(first.resume(), 'close')
    assert.equal((await client.node()).name, 'bruno')
    // the one that has been silent longest made room; what is being answered went on
    await gone
    assert.equal(last.destroyed, false)
    assert.equal(stream.incoming.destroyed, false)
  } finally {
    for (const socket of sockets) socket.destroy()
    stream.incoming.destroy()
    gate.resolve()
  }
})
