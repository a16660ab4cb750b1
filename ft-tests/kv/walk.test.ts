import test from 'ava'
import { boot } from './test-host.ts'
import type { TestConnection } from './test-host.ts'
import { request, splitReplies } from './replies.ts'
import type { Reply } from './replies.ts'

function ask(client: TestConnection, ...args: string[]): Reply {
  return splitReplies(client.send(request(...args)).take()).replies[0]
}

function text(reply: Reply): string {
  return reply.raw.slice(reply.raw.indexOf('\r\n') + 2, -2)
}

/** A small seeded generator. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = Math.imul(state ^ state >>> 15, 0x2C1B3C6D) + 0x9E3779B9 | 0
    return (state >>> 8) % below
  }
}

test('SCAN meets every key that is there throughout, while others come and go and the table grows and shrinks', async t => {
  for (let seed = 1; seed <= 12; seed++) {
    const client = (await boot('kv', { seed })).connect(6379)
    const draw = generator(seed)
    const stable = Array.from({ length: 300 }, (_, i) => `stable:${i}`)
    client.send(Buffer.concat(stable.map(key => request('SET', key, 'v')))).take()
    const passing = draw(2) === 0 ? 0 : 5000
    client.send(Buffer.concat(Array.from({ length: passing }, (_, i) => request('SET', `passing:${i}`, 'v')))).take()
    const met = new Set<string>()
    let cursor = '0'
    let steps = 0
    do {
      const [next, keys] = ask(client, 'SCAN', cursor, 'COUNT', String(1 + draw(20))).elements!
      for (const key of keys.elements ?? []) met.add(text(key))
      cursor = text(next)
      // Between the steps the table grows or shrinks under the walk.
      const some = Array.from({ length: draw(200) }, () => `passing:${draw(20_000)}`)
      const change = passing === 0 ? some.map(key => request('SET', key, 'v')) : some.map(key => request('DEL', key))
      for (let i = 0; passing > 0 && i < 150; i++) change.push(request('DEL', `passing:${(steps * 150 + i) % 5000}`))
      client.send(Buffer.concat(change)).take()
      steps++
    } while (cursor !== '0')
    t.deepEqual(stable.filter(key => !met.has(key)), [], `seed ${seed}, ${steps} steps`)
    t.true(steps > 10)
  }
})

test('SCAN with MATCH, TYPE and COUNT gives what it should, and no expired key', async t => {
  const machine = await boot('kv')
  const client = machine.connect(6379)
  for (let i = 0; i < 500; i++) client.queue(request('SET', `string:${i}`, 'v')).queue(request('SADD', `set:${i}`, 'v'))
  for (let i = 0; i < 50; i++) client.queue(request('SET', `gone:${i}`, 'v', 'PX', '1'))
  client.send('').take()
  machine.wallUs += 10_000
  const walk = (...options: string[]): string[] => {
    const found: string[] = []
    let cursor = '0'
    do {
      const [next, keys] = ask(client, 'SCAN', cursor, ...options).elements!
      found.push(...(keys.elements ?? []).map(text))
      cursor = text(next)
    } while (cursor !== '0')
    return found.sort()
  }
  t.is(walk().length, 1000)
  t.is(walk('TYPE', 'set').length, 500)
  t.deepEqual(walk('MATCH', '*:7', 'COUNT', '100'), ['set:7', 'string:7'])
  t.deepEqual(walk('MATCH', '*:7', 'TYPE', 'string'), ['string:7'])
  t.deepEqual(walk('TYPE', 'hash'), [])
})

test('RANDOMKEY and SPOP draw every element about equally often', async t => {
  const client = (await boot('kv', { seed: 42 })).connect(6379)
  const names = Array.from({ length: 20 }, (_, i) => `m${i}`)
  const count = (draw: () => string): Map<string, number> => {
    const seen = new Map<string, number>()
    for (let i = 0; i < 4000; i++) {
      const name = draw()
      seen.set(name, (seen.get(name) ?? 0) + 1)
    }
    return seen
  }
  for (const name of names) ask(client, 'SET', name, 'v')
  const keys = count(() => text(ask(client, 'RANDOMKEY')))
  ask(client, 'FLUSHALL')
  const members = count(() => {
    ask(client, 'SADD', 's', ...names)
    return text(ask(client, 'SPOP', 's'))
  })
  for (const seen of [keys, members]) {
    t.is(seen.size, names.length)
    // 200 each are expected; the deviation of a fair draw is 14.
    for (const [name, times] of seen) t.true(times > 130 && times < 270, `${name}: ${times}`)
  }
})

test('SPOP with a count takes distinct members, and the key with the last', async t => {
  const client = (await boot('kv')).connect(6379)
  const names = Array.from({ length: 1000 }, (_, i) => `member-${i}`)
  ask(client, 'SADD', 's', ...names)
  const taken: string[] = []
  for (const count of [1, 10, 0, 400, 600]) taken.push(...(ask(client, 'SPOP', 's', String(count)).elements ?? []).map(text))
  t.deepEqual(taken.sort(), names.sort())
  t.is(ask(client, 'EXISTS', 's').raw, ':0\r\n')
})
