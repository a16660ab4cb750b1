import test from 'ava'
import { PoweredOff, boot } from './test-host.ts'
import type { TestConnection } from './test-host.ts'

test('echo sends everything back, whatever the reader does, and ends when the peer has ended', async t => {
  const machine = await boot('echo')
  const [one, two] = [machine.connect(7), machine.connect(7)]
  const bytes = Buffer.alloc(3_000_000, 'some text ')
  one.readable = 0
  one.send(bytes)
  t.is(two.send('hello').take().toString(), 'hello')
  one.end()
  t.false(one.guestEnded)
  one.read(Infinity)
  t.true(one.take().equals(bytes))
  t.true(one.guestEnded)
  t.false(two.guestEnded)
  two.reset()
  t.is(machine.connect(7).send('again').take().toString(), 'again')
})

test('busy computes what it is asked and counts its timer', async t => {
  const machine = await boot('busy')
  const client = machine.connect(7777)
  let x = 88172645463325252n
  for (let i = 0; i < 1000; i++) {
    x ^= x << 13n & 0xFFFFFFFFFFFFFFFFn
    x ^= x >> 7n
    x ^= x << 17n & 0xFFFFFFFFFFFFFFFFn
  }
  t.is(client.send('10').send('00\n').take().toString(), `1000 ${x} 0\n`)
  client.send('P 500\n')
  machine.advance(500)
  machine.advance(500)
  t.is(client.send('0\n').take().toString(), '0 88172645463325252 0\n')
  client.end()
  t.true(client.guestEnded)
})

async function proxied(): Promise<{ client: TestConnection, server: TestConnection, where: string }> {
  const servers: TestConnection[] = []
  let where = ''
  const machine = await boot('proxy', {
    args: ['8080', 'db.example:5432'],
    onConnect: (host, port) => {
      where = `${host}:${port}`
      return far => { servers.push(far) }
    }
  })
  const client = machine.connect(8080)
  machine.run()
  return { client, server: servers[0], where }
}

test('proxy pipes both ways, with half-close', async t => {
  const { client, server, where } = await proxied()
  t.is(where, 'db.example:5432')
  t.is((client.send('question'), server.take().toString()), 'question')
  t.is((server.send('answer'), client.take().toString()), 'answer')
  client.send('last').end()
  t.is(server.take().toString(), 'last')
  t.true(server.guestEnded)
  t.false(client.guestEnded)
  server.send('and a late answer').end()
  t.is(client.take().toString(), 'and a late answer')
  t.true(client.guestEnded)
})

test('proxy passes on resets, in both directions', async t => {
  const one = await proxied()
  one.client.reset()
  t.true(one.server.guestReset)
  const two = await proxied()
  two.server.reset()
  t.true(two.client.guestReset)
})

test('proxy holds little of what the other side does not read', async t => {
  const { client, server } = await proxied()
  const bytes = Buffer.alloc(5_000_000, 'abcdefg')
  server.readable = 0
  client.send(bytes)
  t.is(server.take().length, 0)
  server.read(1_000_000)
  t.is(server.take().length, 1_000_000)
  server.read(Infinity)
  client.end()
  t.true(server.take().equals(bytes.subarray(1_000_000)))
})

test('proxy resets a client whose target refuses, and says what arguments it wants', async t => {
  const machine = await boot('proxy', { args: ['8080', 'nowhere:1'] })
  const client = machine.connect(8080)
  machine.run()
  t.true(client.guestReset)
  for (const args of [[], ['8080'], ['8080', 'x'], ['0', 'x:1'], ['8080', 'x:70000'], ['8080', ':1'], ['80x', 'x:1']]) {
    const error = await t.throwsAsync(boot('proxy', { args }), { instanceOf: PoweredOff }, args.join(' '))
    t.is(error?.code, 2)
  }
})
