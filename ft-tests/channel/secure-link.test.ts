/** Who gets a link: only a peer with the same key, for the same machine and purpose, over TLS 1.3. */
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import test from 'ava'
import fc from '../properties.ts'
import type { Link } from '../../logging-channel/link.ts'
import { connectLink, listenLinks } from '../../logging-channel/link-tcp.ts'
import { deriveLinkKey } from '../../logging-channel/secure-tcp.ts'
import type { LinkKey } from '../../logging-channel/secure-tcp.ts'

const host = '127.0.0.1'
const secret = new Uint8Array(32).fill(1)
const key = deriveLinkKey(secret, 'channel', 'vm')

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

type Listening = { readonly port: number; readonly links: Link[]; readonly refused: string[]; close(): Promise<void> }

async function listen(own: { readonly key: LinkKey | undefined } = { key }): Promise<Listening> {
  const links: Link[] = []
  const refused: string[] = []
  const listener = await listenLinks({
    host, port: 0, key: own.key, onLink: (link) => links.push(link), onRefused: (_address, reason) => refused.push(reason)
  })
  return { port: listener.port, links, refused, close: () => listener.close() }
}

const strangers: readonly [who: string, own: LinkKey | undefined, told: RegExp, reported: string][] = [
  ['another key', deriveLinkKey(new Uint8Array(32).fill(2), 'channel', 'vm'), /it holds another key$/, 'wrong key'],
  ['a key for another machine', deriveLinkKey(secret, 'channel', 'other'), /its key is for another virtual machine or purpose$/,
    'no key, or one for another virtual machine or purpose'],
  ['a key for another purpose', deriveLinkKey(secret, 'switch', 'vm'), /its key is for another virtual machine or purpose$/,
    'no key, or one for another virtual machine or purpose']
]

for (const [who, own, told, reported] of strangers) {
  test(`refused, at once and by both sides: ${who}`, async (t) => {
    const { port, links, refused, close } = await listen()
    const error = await t.throwsAsync(connectLink({ host, port, key: own, timeoutMs: 60_000 }))
    t.regex(error.message, told)
    t.false(error.message.includes('\n'))
    t.deepEqual(refused, [reported])
    t.is(links.length, 0)
    await close()
  })
}

/** Sends bytes as they are and resolves when the other side has closed. */
function throwBytes(port: number, bytes: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect({ host, port }, () => socket.end(bytes))
  socket.on('error', () => {}).on('close', () => resolve()).resume()
  return promise
}

test('plain text and garbage never become a link', async (t) => {
  const { port, links, refused, close } = await listen()
  const greeting = new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')
  const samples = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { numRuns: 300, seed: 7 })
  for (const bytes of [greeting, ...samples]) await throwBytes(port, bytes)
  t.is(links.length, 0)
  t.is(refused.length, 301)
  const alive = await connectLink({ host, port, key })
  alive.destroy()
  await close()
})

test('TLS without the key, or of an older version, is refused', async (t) => {
  const { port, links, refused, close } = await listen()
  const psk = { checkServerIdentity: () => undefined, pskCallback: () => ({ psk: key.secret, identity: key.identity }) }
  const old = { ...psk, minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'PSK:ECDHE-PSK' } as const
  for (const options of [{ rejectUnauthorized: false }, old]) {
    const { promise, resolve } = Promise.withResolvers<string>()
    connectTls({ host, port, ...options }, () => resolve('connected')).on('error', (error) => resolve(error.message))
    t.not(await promise, 'connected')
  }
  t.is(refused.length, 2)
  t.is(links.length, 0)
  await close()
})

test('one who has a key never talks to one who has none', async (t) => {
  const { port, links, close } = await listen({ key: undefined })
  // A listener without a key takes the handshake for its peer's first bytes; the protocol above refuses those.
  const connecting = connectLink({ host, port, key, timeoutMs: 300 })
  await t.throwsAsync(connecting, { message: /no answer within/ })
  t.is(links.length, 1)
  for (const link of links) link.destroy()
  await close()
})

/** Passes one connection on and keeps what the connecting side said. */
async function recorder(target: number): Promise<{ readonly server: Server; readonly port: number; readonly said: Buffer[] }> {
  const said: Buffer[] = []
  const server = createServer((incoming: Socket) => {
    const outgoing = connect({ host, port: target })
    incoming.on('data', (bytes) => said.push(bytes as Buffer))
    for (const socket of [incoming, outgoing]) socket.on('error', () => {})
    incoming.pipe(outgoing).pipe(incoming)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return { server, port: (server.address() as AddressInfo).port, said }
}

test('a recorded conversation, played again, is refused; and holds nothing readable', async (t) => {
  const { port, links, refused, close } = await listen()
  const tap = await recorder(port)
  const client = await connectLink({ host, port: tap.port, key })
  const text = 'log entry that must not be read or repeated'
  const { promise, resolve } = Promise.withResolvers<void>()
  let arrived = ''
  while (links.length === 0) await settled()
  const peer = links[0]!
  peer.start({ onBytes: (bytes) => { arrived += new TextDecoder().decode(bytes); if (arrived === text) resolve() }, onClose: () => {} })
  client.send(new TextEncoder().encode(text))
  await promise
  client.destroy()
  tap.server.close()
  const recording = Buffer.concat(tap.said)
  t.false(recording.includes('log entry'))
  await throwBytes(port, recording)
  t.is(links.length, 1)
  t.is(refused.length, 1)
  await close()
})
