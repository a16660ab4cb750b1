/** Pairs whose replicas run on different engines: one log, and either engine takes over from the other. */
import test from 'ava'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const COMMAND = fileURLToPath(new URL('../../hypervisor/cli/bin/ft-drill.js', import.meta.url))
/** Few calls: it is not the interpreter's speed that is tested, and heartbeats must be in time on a busy machine. */
const FLAGS = ['--rounds', '1', '--rate', '800', '--min-rate', '50', '--seconds', '1', '--json', '--', '--heartbeat', '200']

for (const [primary, backup] of [['interpreter', 'v8'], ['v8', 'interpreter']] as const) {
  test.serial(`the primary on ${primary} killed: its backup on ${backup} goes on, and clients notice nothing`, async (t) => {
    const child = spawn(process.execPath, [COMMAND, 'kill-primary', '--engine', primary, '--backup-engine', backup, ...FLAGS])
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (text) => (stdout += text))
    child.stderr.on('data', (text) => (stderr += text))
    const [code] = (await once(child, 'close')) as [number]
    t.is(code, 0, stderr)
    t.like(JSON.parse(stdout), { rounds: 1, lostAcknowledged: 0, duplicated: 0, brokenConnections: 0, nonLinearizable: 0, divergences: 0 })
  })
}
