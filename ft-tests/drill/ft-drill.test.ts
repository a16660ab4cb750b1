/** The command itself, against real pairs: few rounds here, many by hand and in CI (`npx ft-drill`). */
import test from 'ava'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { requireNamespaces, requireSystemTool } from '../require.ts'
import { MODES } from './faults/faults.ts'

const COMMAND = fileURLToPath(new URL('../../hypervisor/cli/bin/ft-drill.js', import.meta.url))

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = start(...args)
  let [stdout, stderr] = ['', '']
  child.stdout!.on('data', (text) => (stdout += text))
  child.stderr!.on('data', (text) => (stderr += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}

for (const mode of MODES) {
  test.serial(`${mode}: clients notice nothing`, async (t) => {
    if (mode === 'partition' && !(requireNamespaces(t) && requireSystemTool(t, 'nft'))) return
    const { code, stdout, stderr } = await run(mode, '--rounds', '2', '--rate', '4000', '--seconds', '1', '--json')
    t.is(code, 0, stderr)
    const report = JSON.parse(stdout) as Record<string, unknown>
    t.deepEqual(Object.keys(report), [
      'rounds', 'lostAcknowledged', 'duplicated', 'brokenConnections', 'nonLinearizable', 'divergences', 'outageMs',
      'operations', 'minimumRate', 'entriesReplayed', 'arbiter', 'figures',
    ])
    t.like(report, { rounds: 2, lostAcknowledged: 0, duplicated: 0, brokenConnections: 0, nonLinearizable: 0, divergences: 0 })
    t.deepEqual(Object.keys(report.outageMs as object), ['min', 'p50', 'p99', 'max'])
    t.log(stdout.trim())
  })
}

test.serial('kill-both-in-turn: one pair, the same clients, and they notice nothing', async (t) => {
  const { code, stdout, stderr } = await run('kill-both-in-turn', '--rounds', '3', '--min-rate', '100', '--seconds', '1', '--json')
  t.is(code, 0, stderr)
  const report = JSON.parse(stdout) as { figures: Record<string, { rounds: number }> }
  t.like(report, { rounds: 3, lostAcknowledged: 0, duplicated: 0, brokenConnections: 0, nonLinearizable: 0, divergences: 0 })
  t.is(report.figures['protectedAgainMs'].rounds, 3)
})

test.serial('kill-both-in-turn fails where there was no load', async (t) => {
  const { code, stderr } = await run('kill-both-in-turn', '--rounds', '1', '--rate', '50', '--min-rate', '1000', '--seconds', '1', '--json')
  t.is(code, 1)
  t.regex(stderr, /1000 are demanded/)
})

test.serial('a service without a backup cannot be drilled', async (t) => {
  const { code, stdout, stderr } = await run('kill-primary', '--rounds', '1', '--', '--unprotected')
  t.is(code, 1)
  t.is(stdout, '')
  t.regex(stderr, /no backup: nothing to drill/)
})

test.serial('an interrupt ends drill and pair, without a report', async (t) => {
  const child = start('kill-primary', '--seconds', '60', '--rate', '2000', '--json')
  let stdout = ''
  child.stdout!.on('data', (text) => (stdout += text))
  await once(child.stderr!, 'data')
  await new Promise((resolve) => setTimeout(resolve, 2500))
  child.kill('SIGINT')
  // Its pipes close only when the last process that has them is gone: switch and replicas inherit them.
  const [code] = (await once(child, 'close')) as [number]
  t.is(code, 130)
  t.is(stdout, '')
})

test.serial('wrong arguments: one line and exit code 2', async (t) => {
  for (const line of ['kill-nobody', 'kill-primary --rounds 0', 'kill-primary --clients 1.5', 'kill-primary --colour']) {
    const { code, stdout, stderr } = await run(...line.split(' '))
    t.is(code, 2, line)
    t.is(stdout, '')
    t.regex(stderr, /^error: [^\n]+\n/)
  }
})
