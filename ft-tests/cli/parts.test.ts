/** The parts on their own, as several hosts run them; peers that do not fit; bytes that were damaged on the way. */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { crc32 } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { MessageEncoder } from '../../logging-channel/message-encoder.ts'
import { CHANNEL_VERSION, type Hello } from '../../logging-channel/messages.ts'
import { Command, prepare, temporaryFolder } from './command.ts'
import { Parts, replicaFlags, startProxy, type Address } from './parts.ts'
import { TcpClient } from './tcp-client.ts'

test.before(prepare('echo'))

const hello: Hello = {
  type: 'hello', version: CHANNEL_VERSION, role: 'backup', vm: 'parts', replica: 'stranger', image: 'f00', runtime: process.version,
  term: 0, begins: 'boot'
}

function encoded(message: Hello): Buffer {
  return Buffer.from(new MessageEncoder({ checksum: crc32 }).encode(message))
}

/** What the primary answers these bytes with, until it closes. */
async function answerTo(address: Address, bytes: Uint8Array): Promise<string> {
  const socket = connect(address)
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.on('error', () => {}) // a reset, when not all of the bytes were wanted
  await once(socket, 'connect')
  socket.write(bytes)
  await new Promise<void>((resolve) => socket.on('close', () => resolve()))
  return Buffer.concat(pieces).toString('latin1')
}

/** The primary is unharmed: a proper backup pairs with it, and clients are served. */
async function stillServes(t: ExecutionContext, parts: Parts): Promise<void> {
  const backup = parts.backup()
  await parts.primary.line('protected')
  await backup.line('protected')
  const client = await TcpClient.open(t, parts.client)
  t.is(await client.ask('unharmed', 8), 'unharmed')
}

test.serial('a backup with another arbiter than its primary ends and says so; the primary serves', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const backup = parts.backup({ arbiter: temporaryFolder(t) })
  t.is((await backup.ended).code, 7)
  t.regex((await backup.line('halt')).msg!, /has no term 1 of parts: --arbiter must name the storage that the primary uses too/)
  await parts.primary.line('alone')
  await stillServes(t, parts)
})

test.serial('switch, primary and backup started one by one; the primary killed; the client notices nothing', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const backup = parts.backup()
  await backup.line('protected')
  const client = await TcpClient.open(t, parts.client)
  t.is(await client.ask('one', 3), 'one')
  parts.primary.process.kill('SIGKILL')
  t.is(await client.ask('two', 3), 'two')
  t.like(await backup.line('live'), { role: 'backup', term: 2 })

  const bystander = await TcpClient.open(t, parts.client)
  backup.process.kill('SIGINT')
  t.is((await backup.ended).code, 0)
  // Nobody will serve these clients again, so nobody holds them.
  await Promise.all([client.end(), bystander.end()])
  t.is((await parts.switch.ended).code, 0)
  t.like(await parts.switch.line('farewell'), { reason: 'stopped by SIGINT' })
})

test.serial('the switch on its own ends when it is told to', async (t) => {
  const parts = await Parts.start(t, 'echo')
  parts.switch.process.kill('SIGINT')
  t.is((await parts.switch.ended).code, 0)
})

test.serial('a machine that has run before is not started again under the same name', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const again = new Command(t, ['primary', ...replicaFlags(parts.arbiter, parts.link), '--listen', '127.0.0.1:0', 'echo'])
  t.is((await again.ended).code, 3)
  t.regex(String((await again.line('halt')).msg), /"parts" has run before \(term 1, held by primary-\d+\): it is live by that record/)
  await stillServes(t, parts)
})

test.serial('whoever finds the name taken is told whether that machine is live, ended or gone, and what to do', async (t) => {
  const arbiter = temporaryFolder(t)
  const flags = ['--json', '--arbiter', arbiter, '--net', 'direct', '--port', '0:7', '--unprotected', 'echo']
  const start = (vm: string): Command => new Command(t, ['primary', '--vm', vm, ...flags])
  const refusal = async (vm: string): Promise<string> => {
    const again = start(vm)
    t.is((await again.ended).code, 3)
    return String((await again.line('halt')).msg)
  }
  const first = start('shop')
  await first.line('alone')
  t.regex(await refusal('shop'), /held by primary-\d+\): it is live by that record, on host .*, since 20/)
  first.process.kill('SIGTERM')
  await first.ended
  const ended = await refusal('shop')
  t.regex(ended, /: it ended at 20.* \(stopped by SIGTERM\), and its state with it: choose another --vm; or, .* remove \//)

  const killed = start('other')
  await killed.line('alone')
  killed.process.kill('SIGKILL')
  await killed.ended
  t.regex(await refusal('other'), /its holder, process \d+ of this host, since 20.*, is gone without a word; unless its backup takes over/)

  const advice = / remove (\/.*\/shop\.term-)\*$/.exec(ended)!
  rmSync(`${advice[1]}1`)
  const anew = start('shop')
  await anew.line('alone')
  t.regex(await refusal('shop'), /it is live by that record/, 'the end that was noted before is another machine\'s')
})

test.serial('a peer of another protocol version, image, machine or role is refused by name; the primary goes on', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const version = encoded({ ...hello, version: CHANNEL_VERSION + 1 })
  await answerTo(parts.channel, version)
  t.regex(String((await parts.primary.line('refused-peer'))['reason']), new RegExp(`version ${CHANNEL_VERSION + 1}`))
  const strangers: [Partial<Hello>, RegExp][] = [
    [{ image: 'e'.repeat(64) }, /image eeeeeeeeeeee, this is [0-9a-f]{12}/],
    [{ vm: 'other' }, /virtual machine "other", this is "parts"/],
    [{ role: 'primary' }, /both are primary/],
    [{ runtime: 'v1.2.3' }, /runtime v1\.2\.3, this is v26/]
  ]
  for (const [difference, reason] of strangers) t.regex(await answerTo(parts.channel, encoded({ ...hello, ...difference })), reason)
  await stillServes(t, parts)
  t.is(parts.primary.lines.filter(({ event }) => event === 'refused-peer').length, strangers.length + 1)
})

test.serial('a backup with another image ends with one clear line and code 6', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const stranger = parts.backup({ image: ['busy'] })
  t.is((await stranger.ended).code, 6)
  const { msg } = await stranger.line('halt')
  t.regex(String(msg), /image [0-9a-f]{12}, this is [0-9a-f]{12}: image, arguments and limits must be the same/)
  const otherArguments = parts.backup({ image: ['echo', 'argument'] })
  t.is((await otherArguments.ended).code, 6)
  await stillServes(t, parts)
})

test.serial('garbage on the channel is refused, however long; the primary goes on', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(10)), Buffer.alloc(100_000, 0xff), Buffer.alloc(64),
    Buffer.concat([encoded(hello).subarray(0, 40), Buffer.alloc(500, 7)])
  ]
  for (const bytes of garbage) await answerTo(parts.channel, bytes)
  await stillServes(t, parts)
  t.is(parts.primary.lines.filter(({ event }) => event === 'refused-peer').length, garbage.length)
})

test.serial('garbage on the switch\'s link is refused; clients are served', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const [host, port] = parts.link.split(':')
  await answerTo({ host, port: Number(port) }, Buffer.alloc(1000, 0xa5))
  await stillServes(t, parts)
})

test.serial('a second backup is turned away; the first stays', async (t) => {
  const parts = await Parts.start(t, 'echo')
  await parts.backup().line('protected')
  const second = parts.backup()
  t.is((await second.ended).code, 6)
  t.regex(String((await second.line('halt')).msg), /this replica is protected, it takes no new peer/)
  const client = await TcpClient.open(t, parts.client)
  t.is(await client.ask('hello', 5), 'hello')
  t.false(parts.primary.lines.some(({ event }) => event === 'suspect'))
})

for (const [where, bit] of [['in a frame\'s header', 13 * 8 + 3], ['in its entries', 60 * 8 + 1]] as const) {
  test.serial(`a bit flipped on the wire ${where}: never replayed, exactly one replica goes on, the client notices nothing`, async (t) => {
    const parts = await Parts.start(t, 'echo')
    const proxy = await startProxy(t, parts.channel)
    const backup = parts.backup({ channel: proxy.address })
    await backup.line('protected')
    const client = await TcpClient.open(t, parts.client)
    t.is(await client.ask('before', 6), 'before')

    let flipped = false
    proxy.tamper = (bytes) => {
      if (flipped || bytes.length * 8 <= bit) return bytes
      flipped = true
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3] ^= 1 << (bit & 7)
      return damaged
    }
    const line = 'a long enough line, so that the flipped bit is in it'
    t.is(await client.ask(line, line.length), line)
    t.true(flipped)
    const suspect = await backup.line('suspect')
    t.regex(String(suspect['reason']), /checksum|damaged|corrupt/i)
    t.false([parts.primary, backup].some((command) => command.lines.some(({ event }) => event === 'divergence')))

    const ended = await Promise.race([parts.primary.ended.then(() => parts.primary), backup.ended.then(() => backup)])
    t.is((await ended.ended).code, 3, 'the loser halts')
    const winner = ended === backup ? parts.primary : backup
    t.is(winner.process.exitCode, null)
    t.is(await client.ask('after', 5), 'after')
  })
}
