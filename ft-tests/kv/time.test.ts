import test from 'ava'
import { boot } from './test-host.ts'
import type { TestConnection, TestMachine } from './test-host.ts'
import { request } from './replies.ts'

const SECOND = 1_000_000

async function start(): Promise<{ machine: TestMachine, ask: (line: string) => string, client: TestConnection }> {
  const machine = await boot('kv', { wallUs: 1_700_000_000_000_000 })
  const client = machine.connect(6379)
  return { machine, client, ask: line => client.send(request(...line.split(' '))).take().toString('latin1').trimEnd() }
}

test('a key expires one millisecond after its time, also when nobody asks for it', async t => {
  const { machine, ask } = await start()
  t.is(ask('SET k v PX 1500'), '+OK')
  t.is(ask('PTTL k'), ':1500')
  machine.advance(1_500_000)
  t.is(ask('GET k'), '$1\r\nv')
  t.is(ask('PTTL k'), ':0')
  machine.advance(1_000)
  t.is(ask('DBSIZE'), ':0')
  t.is(ask('GET k'), '$-1')
  t.is(ask('TTL k'), ':-2')
})

test('TTL rounds to the nearest second, PERSIST and SET take an expiry away, KEEPTTL, INCR and APPEND leave it', async t => {
  const { machine, ask } = await start()
  ask('SET k 1 EX 10')
  machine.advance(1_400_000)
  t.is(ask('TTL k'), ':9')
  machine.advance(200_000)
  t.is(ask('TTL k'), ':8')
  ask('INCR k')
  ask('APPEND k 0')
  ask('SETRANGE k 0 3')
  ask('INCRBYFLOAT k 0.5')
  ask('SET k 7 KEEPTTL')
  ask('RENAME k k2')
  t.is(ask('TTL k2'), ':8')
  t.is(ask('PERSIST k2'), ':1')
  t.is(ask('TTL k2'), ':-1')
  ask('EXPIRE k2 5')
  ask('SET k2 8')
  t.is(ask('TTL k2'), ':-1')
  machine.advance(3600 * SECOND)
  t.is(ask('GET k2'), '$1\r\n8')
})

test('a key that was set to expire in the past is gone', async t => {
  const { ask } = await start()
  for (const past of ['EXAT 1', 'PXAT 1']) {
    t.is(ask(`SET k v ${past}`), '+OK')
    t.is(ask('GET k'), '$-1')
  }
  ask('SET k v')
  t.is(ask('EXPIREAT k 1'), ':1')
  t.is(ask('EXISTS k'), ':0')
})

test('a hundred thousand keys expire by timer alone, in bounded steps, and those without expiry stay', async t => {
  const { machine, client, ask } = await start()
  const sets: Buffer[] = []
  for (let i = 0; i < 100_000; i++) sets.push(request('SET', `key:${i}`, 'v', 'PX', String(1000 + (i * 7919) % 60_000)))
  for (let i = 0; i < 1000; i++) sets.push(request('SET', `stays:${i}`, 'v'))
  client.send(Buffer.concat(sets)).take()
  t.is(ask('DBSIZE'), ':101000')
  machine.advance(31 * SECOND)
  const interrupts = machine.counts.interrupts
  for (let i = 0; i < 200; i++) machine.advance(1)
  t.true(machine.counts.interrupts > interrupts + 20, 'one interrupt takes away a bounded number')
  const left = Number(ask('DBSIZE').slice(1))
  t.true(left > 50_000 && left < 52_100, `${left} keys left`)
  machine.advance(30 * SECOND)
  for (let i = 0; i < 200; i++) machine.advance(1)
  t.is(ask('DBSIZE'), ':1000')
})

test('the clock is read at most once an interrupt, and not at all for keys without expiry', async t => {
  const { machine, client } = await start()
  client.send(request('SET', 'k', 'v')).take()
  const { clockReads } = machine.counts
  client.send(Buffer.concat([request('GET', 'k'), request('SET', 'k', 'w'), request('INCR', 'n'), request('DEL', 'k')]))
  t.is(machine.counts.clockReads, clockReads)
  const before = machine.counts.interrupts
  client.send(Buffer.concat(Array.from({ length: 50 }, (_, i) => request('SET', `k${i}`, 'v', 'EX', '10'))))
  t.is(machine.counts.interrupts, before + 1)
  t.is(machine.counts.clockReads, clockReads + 1)
})
