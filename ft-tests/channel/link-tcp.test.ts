import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import { FrameDecoder } from '../../logging-channel/frame-decoder.ts'
import type { Link } from '../../logging-channel/link.ts'
import { connectLink, listenLinks } from '../../logging-channel/link-tcp.ts'
import type { Listener } from '../../logging-channel/link-tcp.ts'
import { deriveLinkKey } from '../../logging-channel/secure-tcp.ts'
import type { LinkKey } from '../../logging-channel/secure-tcp.ts'
import { MessageEncoder } from '../../logging-channel/message-encoder.ts'
import type { ChannelMessage } from '../../logging-channel/messages.ts'

const host = '127.0.0.1'

type Pair = { readonly listener: Listener; readonly client: Link; readonly server: Link }

async function makePair(key?: LinkKey): Promise<Pair> {
  const { promise, resolve } = Promise.withResolvers<Link>()
  const listener = await listenLinks({ host, port: 0, onLink: resolve, key })
  const client = await connectLink({ host, port: listener.port, key })
  return { listener, client, server: await promise }
}

/** Collects what a link delivers; `closed` resolves with what `onClose` was given. */
function collect(link: Link): { readonly chunks: Uint8Array[]; readonly closed: Promise<Error | null> } {
  const chunks: Uint8Array[] = []
  const { promise, resolve } = Promise.withResolvers<Error | null>()
  link.start({ onBytes: bytes => chunks.push(bytes), onClose: resolve })
  return { chunks, closed: promise }
}

const total = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, chunk) => sum + chunk.length, 0)

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited > 10_000) throw new Error('nothing happened for 10 s')
    await delay(5)
  }
}

const keyed = deriveLinkKey(new Uint8Array(32).fill(1), 'channel', 'vm')

for (const [how, key] of [['plain', undefined], ['with a key', keyed]] as const) {
  test(`${how}: messages cross, both ways, and a goodbye sent just before close arrives`, async t => {
    const { listener, client, server } = await makePair(key)
    const encoder = new MessageEncoder()
    const received: ChannelMessage[] = []
    const decoder = new FrameDecoder({ onMessage: message => received.push(message) })
    const fromServer = collect(client)
    const { promise: closed, resolve } = Promise.withResolvers<Error | null>()
    server.start({ onBytes: bytes => decoder.push(bytes), onClose: resolve })
    const entries = [{ kind: 5, conn: 2, bytes: new Uint8Array(5_000_000).fill(7) }] as const
    const big = { type: 'log', term: 1, seq: 1, outputsDelivered: 0, entries } as const
    const goodbye = { type: 'goodbye', reason: 'end of test' } as const
    server.send(Uint8Array.of(1, 2, 3))
    await until(() => total(fromServer.chunks) === 3)
    // Unread bytes at the closing end must not turn the close into a reset that overtakes the goodbye.
    client.pause()
    server.send(new Uint8Array(100_000))
    client.send(encoder.encode(big))
    client.send(encoder.encode(goodbye))
    client.close()
    client.send(encoder.encode(goodbye))
    t.is(await closed, null)
    t.is(await fromServer.closed, null)
    const [first, last] = received
    t.is(received.length, 2)
    // Not t.deepEqual: on megabytes it takes seconds, in which other tests' timers run out.
    t.true(isDeepStrictEqual(first, big))
    t.deepEqual(last, goodbye)
    t.deepEqual(fromServer.chunks.map(chunk => chunk.constructor), [Uint8Array])
    await listener.close()
  })

  test(`${how}: nothing sent before start is lost, and a link that closed before start still says so`, async t => {
    const { listener, client, server } = await makePair(key)
    client.send(new Uint8Array(10))
    client.close()
    await delay(50)
    const { chunks, closed } = collect(server)
    t.is(await closed, null)
    t.is(total(chunks), 10)
    t.is(await collect(client).closed, null)
    t.throws(() => collect(client), { message: 'link is already started' })
    await listener.close()
  })

  test(`${how}: destroy ends both sides at once`, async t => {
    const { listener, client, server } = await makePair(key)
    const ends = [collect(client).closed, collect(server).closed]
    server.destroy()
    server.send(new Uint8Array(1))
    await Promise.all(ends)
    t.pass()
    await listener.close()
  })

  test(`${how}: pause holds the sender back; resume lets everything through`, async t => {
    const { listener, client, server } = await makePair(key)
    collect(client)
    const { chunks } = collect(server)
    server.pause()
    for (let count = 0; count < 32; count++) client.send(new Uint8Array(1_000_000))
    await delay(200)
    t.true(total(chunks) < 1_000_000)
    t.true(client.bufferedBytes > 1_000_000)
    server.resume()
    await until(() => total(chunks) === 32_000_000)
    t.is(client.bufferedBytes, 0)
    client.close()
    await listener.close()
  })
}

test('close gives up on a peer that never ends its side', async t => {
  const silent = createServer({ allowHalfOpen: true }, socket => socket.on('error', () => {}).resume())
  await new Promise<void>(resolve => silent.listen(0, host, resolve))
  const link = await connectLink({ host, port: (silent.address() as AddressInfo).port })
  const { closed } = collect(link)
  link.close()
  t.is(await closed, null)
  silent.close()
})

test('a taken port is an error of one line', async t => {
  const listener = await listenLinks({ host, port: 0, onLink: () => {} })
  await t.throwsAsync(listenLinks({ host, port: listener.port, onLink: () => {} }), {
    message: `can't listen on 127.0.0.1:${listener.port}: the port is already in use, choose another`
  })
  await listener.close()
})

test('connecting tries again until the peer listens', async t => {
  const reserved = await listenLinks({ host, port: 0, onLink: () => {} })
  const { port } = reserved
  await reserved.close()
  const connecting = connectLink({ host, port, retryMs: 10 })
  await delay(100)
  const listener = await listenLinks({ host, port, onLink: link => link.start({ onBytes: () => {}, onClose: () => {} }) })
  const link = await connecting
  t.is(link.peer, `127.0.0.1:${port}`)
  link.start({ onBytes: () => {}, onClose: () => {} })
  link.destroy()
  await listener.close()
})

test('connecting gives up in one line when the time is over, and at once when told to', async t => {
  const reserved = await listenLinks({ host, port: 0, onLink: () => {} })
  const { port } = reserved
  await reserved.close()
  const message = `no connection to 127.0.0.1:${port}: nothing listens there; is the peer running there?`
  await t.throwsAsync(connectLink({ host, port, timeoutMs: 1000, retryMs: 20 }), { message })
  await t.throwsAsync(connectLink({ host, port, timeoutMs: 0 }), { message })
  const stop = new AbortController()
  const connecting = connectLink({ host, port, retryMs: 5000, signal: stop.signal })
  setTimeout(() => stop.abort(), 50)
  await t.throwsAsync(connecting, { name: 'AbortError' })
})

test('a reset by the peer is told as an error', async t => {
  const { promise, resolve } = Promise.withResolvers<Link>()
  const listener = await listenLinks({ host, port: 0, onLink: resolve })
  const socket = connect({ host, port: listener.port })
  const { closed } = collect(await promise)
  socket.resetAndDestroy()
  t.regex((await closed)?.message ?? '', /ECONNRESET/)
  await listener.close()
})
