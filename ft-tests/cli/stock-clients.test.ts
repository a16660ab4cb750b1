/** Stock Redis clients against `kv`, with the primary killed in the middle; they know nothing of it and notice nothing. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { Redis } from 'ioredis'
import { requireTool } from '../require.ts'
import { prepare, startPair, type Ready } from './command.ts'

const execute = promisify(execFile)

test.before(prepare('kv'))

/** A pair whose primary dies when `kill` is called; the log shows that the backup went live. */
async function pairToBreak(t: ExecutionContext): Promise<{ ready: Ready; kill(): void; failedOver(): Promise<void> }> {
  const { command, ready } = await startPair(t, ['kv'])
  return {
    ready,
    kill: () => void process.kill(ready.primary, 'SIGKILL'),
    failedOver: async () => void t.like(await command.line('live', 'backup'), { term: 2 })
  }
}

test.serial('redis-cli: a long session in one connection', async (t) => {
  if (!requireTool(t, 'redis-cli')) return
  const { ready, kill, failedOver } = await pairToBreak(t)
  const cli = spawn('redis-cli', ['-p', `${ready.port}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(cli, 'close')
  let output = ''
  const lines = (): string[] => output.split('\n').slice(0, -1)
  cli.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  for (let i = 1; i <= 500; i++) {
    cli.stdin.write('INCR counter\n')
    while (lines().length < i) await once(cli.stdout, 'data')
    if (i === 250) kill()
  }
  cli.stdin.end()
  t.deepEqual(await ended, [0, null])
  t.deepEqual(lines().map(Number), Array.from({ length: 500 }, (_, i) => i + 1))
  await failedOver()
})

test.serial('redis-benchmark: all of its tests, pipelined, run to the end', async (t) => {
  if (!requireTool(t, 'redis-benchmark')) return
  const { ready, kill, failedOver } = await pairToBreak(t)
  const tests = 'ping,set,get,incr,lpush,lpop,sadd,hset,spop,mset'
  const count = 20_000
  const flags = ['-p', `${ready.port}`, '-t', tests, '-P', '16', '-n', `${count}`, '--csv']
  const benchmark = spawn('redis-benchmark', flags, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(benchmark, 'close')
  let output = ''
  let errors = ''
  let killed = false
  benchmark.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  benchmark.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (killed || !output.includes('"INCR"')) return
    killed = true
    kill() // in the midst of LPUSH
  })
  t.deepEqual(await ended, [0, null], errors)
  t.true(killed)
  const names = output.split('\n').slice(1, -1).map((line) => line.split('"')[1])
  t.deepEqual(names, ['PING_INLINE', 'PING_MBULK', 'SET', 'GET', 'INCR', 'LPUSH', 'LPOP', 'SADD', 'HSET', 'SPOP', 'MSET (10 keys)'])
  t.notRegex(errors, /error/i)
  await failedOver()
  const { stdout } = await execute('redis-cli', ['-p', `${ready.port}`, 'GET', 'counter:__rand_int__'])
  t.is(stdout, `${count}\n`, 'every INCR counted, once')
  t.is((await execute('redis-cli', ['-p', `${ready.port}`, 'LLEN', 'mylist'])).stdout, '0\n', 'as many pops as pushes')
})

test.serial('ioredis: one client, many commands at once', async (t) => {
  const { ready, kill, failedOver } = await pairToBreak(t)
  const client = new Redis({ host: ready.host, port: ready.port, retryStrategy: null, maxRetriesPerRequest: 0 })
  t.teardown(() => client.disconnect())
  const faults: string[] = []
  client.on('error', (error: Error) => faults.push(error.message))
  client.on('close', () => faults.push('closed'))
  await once(client, 'ready')

  for (let round = 1; round <= 200; round++) {
    if (round === 100) kill()
    const answers = await Promise.all([
      client.incr('counter'), client.append('log', 'x'), client.set(`key:${round}`, round), client.get(`key:${round}`),
      client.rpush('list', round), client.hset('hash', { [round]: round }), client.sadd('set', round)
    ])
    t.deepEqual(answers, [round, round, 'OK', `${round}`, round, 1, 1])
  }
  t.deepEqual(await client.lrange('list', 0, -1), Array.from({ length: 200 }, (_, i) => `${i + 1}`))
  t.is(await client.scard('set'), 200)
  t.is(Object.keys(await client.hgetall('hash')).length, 200)
  t.deepEqual(faults, [], 'its connection stood all the time')
  await failedOver()
})
