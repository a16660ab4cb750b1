/** The clients and checks against a real Redis: what they take for right must be what Redis does. */
import test from 'ava'
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireTool } from '../require.ts'
import { runDrill } from './drill.ts'
import { freePort } from './free-port.ts'
import type { PairHandle } from './pair.ts'
import { startStandInPair } from './stand-in-pair.ts'

async function startRedis(): Promise<PairHandle> {
  const port = await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'drill-redis-'))
  const flags = ['--port', `${port}`, '--save', '', '--dir', directory, '--bind', '127.0.0.1']
  const child = spawn('redis-server', flags, { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await untilListening(port)
  return startStandInPair({
    address: { host: '127.0.0.1', port },
    stopServer: async () => {
      child.kill('SIGTERM')
      await ended
      await rm(directory, { recursive: true, force: true })
    },
  })
}

async function untilListening(port: number): Promise<void> {
  for (;;) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true) })
      socket.once('error', () => resolve(false))
    })
    if (isUp) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('a drill against Redis, whose stand-in replicas alone are killed, finds nothing', async (t) => {
  if (!requireTool(t, 'redis-server')) return
  const complaints: string[] = []
  const tally = await runDrill({
    mode: 'kill-primary', rounds: 2, clients: 8, pipeline: 8, rateMax: 0, rateMin: 1000, secondsPerRound: 1, seed: 3,
    signal: new AbortController().signal, onRound: (_, result) => complaints.push(...result.complaints),
  }, startRedis)
  t.deepEqual(complaints, [])
  t.true(tally.passed)
  t.log(JSON.stringify(tally.report()))
})
