import test from 'ava'
import { boot } from './test-host.ts'
import { request } from './replies.ts'

const MEGABYTE = 1 << 20

test('a 64 MB value goes in and out whole, and its memory is used again', async t => {
  const machine = await boot('kv')
  const client = machine.connect(6379)
  const value = Buffer.alloc(64 * MEGABYTE, 'abcdefghijklmnopq')
  const stored = (): Buffer => client.send(request('GET', 'big')).take()
  t.is(client.send(request('SET', 'big', value)).take().toString(), '+OK\r\n')
  const reply = stored()
  t.is(reply.length, value.length + `$${value.length}\r\n\r\n`.length)
  t.true(reply.subarray(11, -2).equals(value))
  const grown = machine.memoryBytes
  for (let i = 0; i < 5; i++) {
    client.send(request('DEL', 'big')).take()
    client.send(request('SET', 'big', value)).take()
  }
  t.true(stored().subarray(11, -2).equals(value))
  t.true(machine.memoryBytes <= grown + 64 * MEGABYTE, `${machine.memoryBytes} bytes, ${grown} before`)
})

test('a value that is being sent can be changed and deleted meanwhile', async t => {
  const machine = await boot('kv')
  const slow = machine.connect(6379)
  const other = machine.connect(6379)
  const value = Buffer.alloc(2 * MEGABYTE, 'x')
  other.send(request('SET', 'big', value)).take()
  slow.readable = 100
  slow.send(request('GET', 'big'))
  other.send(request('APPEND', 'big', 'y')).take()
  other.send(request('SETRANGE', 'big', '0', 'zzz')).take()
  other.send(request('DEL', 'big')).take()
  slow.read(Infinity)
  t.true(slow.take().subarray(10, -2).equals(value))
})

test('a client that does not read stops being served, costs bounded memory, stops nobody, and gets all in the end', async t => {
  const machine = await boot('kv')
  const other = machine.connect(6379)
  other.send(request('SET', 'k', Buffer.alloc(10_000, 'v'))).take()
  const lazy = machine.connect(6379)
  lazy.readable = 0
  const before = machine.memoryBytes
  const gets = 20_000
  lazy.send(Buffer.concat(Array.from({ length: gets }, () => request('GET', 'k'))))
  t.is(other.send('PING\r\n').take().toString(), '+PONG\r\n')
  t.true(machine.memoryBytes - before < 8 * MEGABYTE, `${machine.memoryBytes - before} bytes more`)
  lazy.read(30_000_000)
  t.is(other.send('PING\r\n').take().toString(), '+PONG\r\n')
  lazy.read(Infinity)
  t.is(lazy.take().length, gets * (10_000 + '$10000\r\n\r\n'.length))
  t.is(lazy.send('PING\r\n').take().toString(), '+PONG\r\n')
})

test('a client that ends its side still gets every reply, then the connection is closed', async t => {
  const machine = await boot('kv')
  const client = machine.connect(6379)
  client.readable = 0
  client.queue(request('SET', 'k', Buffer.alloc(3 * MEGABYTE))).queue(request('GET', 'k')).queue('PING\r\n')
  client.end()
  t.false(client.guestEnded)
  client.read(Infinity)
  t.true(client.take().subarray(-7).equals(Buffer.from('+PONG\r\n')))
  t.true(client.guestEnded)
})

test('after QUIT the replies before it still arrive, and the connection is closed, not reset', async t => {
  const machine = await boot('kv')
  const client = machine.connect(6379)
  client.readable = 0
  client.send(request('SET', 'k', Buffer.alloc(600_000))).send('GET k\r\nQUIT\r\nPING\r\n').send('PING\r\n'.repeat(1000))
  t.false(client.guestEnded)
  client.read(Infinity)
  t.true(client.take().subarray(-7).equals(Buffer.from('\r\n+OK\r\n')))
  t.true(client.guestEnded)
  t.false(client.guestReset)
})

test('resets in the middle of requests and replies leave nothing behind', async t => {
  const machine = await boot('kv')
  const watcher = machine.connect(6379)
  let grown = 0
  for (let i = 0; i < 300; i++) {
    const client = machine.connect(6379)
    client.readable = i % 3 === 0 ? 0 : 1000
    client.send(request('SET', 'k', Buffer.alloc(MEGABYTE))).send(request('GET', 'k'))
    client.send(request('SET', 'half', Buffer.alloc(500_000)).subarray(0, 300_000))
    client.reset()
    if (i === 20) grown = machine.memoryBytes
  }
  t.is(machine.memoryBytes, grown)
  t.regex(watcher.send('INFO clients\r\n').take().toString(), /connected_clients:1\r\n/)
})

test('five thousand connections are served in one interrupt, each with one send', async t => {
  const machine = await boot('kv')
  const clients = Array.from({ length: 5000 }, () => machine.connect(6379))
  machine.run()
  const { interrupts, sends } = machine.counts
  clients.forEach(client => client.queue(Buffer.concat([request('INCR', 'n'), request('INCR', 'n')])))
  machine.run()
  t.is(machine.counts.interrupts, interrupts + 1)
  t.is(machine.counts.sends, sends + 5000)
  t.is(clients[4999].take().toString(), ':9999\r\n:10000\r\n')
  for (const client of clients.slice(1)) client.end()
  t.regex(clients[0].take().toString() + clients[0].send('INFO\r\n').take().toString(), /connected_clients:1\r\n/)
})

test('CLIENT LIST, INFO, ID, SETNAME, SETINFO and KILL know the connections', async t => {
  const machine = await boot('kv')
  const [one, two] = [machine.connect(6379), machine.connect(6379)]
  t.is(one.send('CLIENT ID\r\n').take().toString(), ':1\r\n')
  const introduction = 'CLIENT SETNAME bob\r\nCLIENT SETINFO lib-name ioredis\r\nCLIENT SETINFO LIB-VER 6\r\n'
  t.is(two.send(introduction).take().toString(), '+OK\r\n'.repeat(3))
  const list = one.send('CLIENT LIST\r\n').take().toString().split('\n')
  t.regex(list[1], /^id=1 addr=192\.0\.2\.1:10002 .* name= .*cmd=client\|list user=default redir=-1 resp=2$/)
  t.regex(list[2], /^id=2 addr=192\.0\.2\.1:10004 .* name=bob .*cmd=client /)
  t.is(one.send('CLIENT KILL ID 2\r\n').take().toString(), ':1\r\n')
  t.true(two.guestEnded)
  t.is(one.send('CLIENT KILL ADDR 192.0.2.1:10004\r\n').take().toString(), ':0\r\n')
  t.is(one.send('CLIENT KILL 192.0.2.1:10002\r\n').take().toString(), '+OK\r\n')
  t.true(one.guestEnded)
})

test('INFO has the sections that clients and tools look at', async t => {
  const client = (await boot('kv')).connect(6379)
  client.send(request('SET', 'k', 'v', 'EX', '10')).take()
  const info = client.send('INFO\r\n').take().toString()
  const lines = ['# Server', 'redis_version:7.0.15', 'redis_mode:standalone', '# Clients', '# Memory', 'loading:0', '# Stats',
    'role:master', 'cluster_enabled:0', '# Keyspace', 'db0:keys=1,expires=1,avg_ttl=0']
  for (const line of lines) t.true(info.includes(`${line}\r\n`), line)
  const keyspace = client.send('INFO keyspace\r\n').take().toString()
  t.is(keyspace, '$44\r\n# Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=0\r\n\r\n')
})
