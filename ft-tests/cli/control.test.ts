/** `ft-ctl`: looking at a running pair, and telling it what to do. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { allGone, Command, prepare, startPair } from './command.ts'
import { TcpClient } from './tcp-client.ts'

test.before(prepare('echo'))

const ftCtl = fileURLToPath(new URL('../../hypervisor/cli/bin/ft-ctl.js', import.meta.url))

type Answer = Readonly<Record<string, unknown>> & { readonly primary?: { pid: number }; readonly backup?: { pid: number } }

type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs `ft-ctl` where `pair` was started. */
async function ctl(t: ExecutionContext, pair: Command | undefined, ...args: string[]): Promise<Outcome> {
  const before = pair === undefined ? [] : ['env', `TMPDIR=${pair.folder}`]
  const command = new Command(t, args, { program: ftCtl, before })
  const { code } = await command.ended
  return { code, stdout: command.stdout, stderr: command.stderr }
}

async function ask(t: ExecutionContext, pair: Command, name: string): Promise<Answer> {
  const { stdout } = await ctl(t, pair, '--json', name)
  return JSON.parse(stdout) as Answer
}

test.serial('status, failover, move-backup, stop: the client notices nothing until the end', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  const client = await TcpClient.open(t, ready)
  t.is(await client.ask('one', 3), 'one')
  t.like(await ask(t, command, 'status'), { ok: true, protected: true, primary: { pid: ready.primary }, backup: { pid: ready.backup } })
  const text = await ctl(t, command, 'status')
  t.regex(text.stdout, /^vm-\d+ at 127\.0\.0\.1:\d+: PROTECTED\nprimary  process \d+, protected in term 1, .*\nbackup   process \d+\n/)

  const moved = await ask(t, command, 'move-backup')
  t.like(moved, { ok: true })
  t.not(moved.backup!.pid, ready.backup)
  await allGone([ready.backup])
  t.is(await client.ask('two', 3), 'two')

  t.like(await ask(t, command, 'failover'), { ok: true, term: 2, primary: { pid: moved.backup!.pid } })
  t.is(await client.ask('three', 5), 'three')
  await command.line('pair')
  const record = await command.line('failover-record') as { path: string }
  t.like(JSON.parse(readFileSync(record.path, 'utf8')), { planned: true, suspicion: 'the primary hands over', arbiter: { term: 2 } })

  t.like(await ctl(t, command, 'stop'), { code: 0, stdout: 'stopping\n' })
  t.is((await command.ended).code, 0)
  t.deepEqual(command.leftovers().filter((name) => !name.startsWith('ft-run-records')), [])
})

test.serial('add-backup protects a service that was started without; what makes no sense is refused in a line', async (t) => {
  const { command, ready } = await startPair(t, ['--unprotected', 'echo'])
  const client = await TcpClient.open(t, ready)
  t.is(await client.ask('one', 3), 'one')
  for (const name of ['failover', 'move-backup']) {
    const { code, stderr } = await ctl(t, command, name)
    t.is(code, 1)
    t.regex(stderr, /^ft-ctl: the service is not protected: [^\n]+\n$/)
  }
  t.like(await ask(t, command, 'add-backup'), { ok: true })
  t.like(await ask(t, command, 'status'), { protected: true })
  t.regex((await ctl(t, command, 'add-backup')).stderr, /^ft-ctl: there is a backup already/)
  process.kill(ready.primary, 'SIGKILL')
  await command.line('live')
  t.is(await client.ask('two', 3), 'two')
})

test.serial('nothing runs, an unknown command, a wrong process: one line and exit code 2', async (t) => {
  t.like(await ctl(t, undefined, 'status'), { code: 2, stdout: '', stderr: 'ft-ctl: no ft-run of yours is running on this machine\n' })
  t.like(await ctl(t, undefined, '--pid', '1', 'status'), { code: 2, stderr: 'ft-ctl: no ft-run can be reached at process 1\n' })
  t.is((await ctl(t, undefined, 'explode')).code, 2)
  t.regex((await ctl(t, undefined, '--help')).stdout, /status[^]*failover[^]*add-backup[^]*move-backup[^]*stop/)
})

test.serial('a primary that dies while no backup is complete: the service is said to be unavailable', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  process.kill(ready.backup, 'SIGKILL')
  await command.line('alone', 'primary')
  process.kill(ready.primary, 'SIGKILL')
  t.is((await command.ended).code, 8)
  t.regex((await command.line('unavailable')).msg!, /UNAVAILABLE/)
  t.deepEqual(command.leftovers(), [])
})
