/** However it is ended, ft-run leaves nothing behind. */
import test from 'ava'
import { allGone, prepare, startPair } from './command.ts'
import { TcpClient } from './tcp-client.ts'

test.before(prepare('echo', 'busy', 'proxy'))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  for (const target of ['group', 'process'] as const) {
    test.serial(`${signal} to the ${target} ends everything: no process, no temporary folder, exit code 0`, async (t) => {
      const { command, ready } = await startPair(t, ['echo'])
      const client = await TcpClient.open(t, ready)
      t.is(await client.ask('x', 1), 'x')
      t.true(command.leftovers().length > 0, 'while it runs, it has a folder')
      if (target === 'group') command.killGroup(signal)
      else process.kill(command.pid, signal)
      t.deepEqual(await command.ended, { code: 0, signal: null })
      await allGone([ready.primary, ready.backup])
      t.deepEqual(command.leftovers(), [])
      t.is(command.stderr.replace(/^echo: listening.*\n/m, ''), '', 'and it does not complain')
    })
  }
}

test.serial('Ctrl-C twice is no worse than once', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  command.killGroup('SIGINT')
  command.killGroup('SIGINT')
  t.is((await command.ended).code, 0)
  await allGone([ready.primary, ready.backup])
  t.deepEqual(command.leftovers(), [])
})

test.serial('Ctrl-C after a failover ends the survivor too', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  process.kill(ready.primary, 'SIGKILL')
  await command.line('live', 'backup')
  command.killGroup('SIGINT')
  t.is((await command.ended).code, 0)
  await allGone([ready.backup])
  t.deepEqual(command.leftovers(), [])
})

test.serial('SIGTERM to a replica alone: it goes on, and says why and what would end it', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  process.kill(ready.primary, 'SIGTERM')
  const line = await command.line('signal-ignored', 'primary')
  t.regex(line.msg!, new RegExp(`not ended by SIGTERM: ft-run, process ${command.pid}, decides .*ft-ctl stop.*ft-ctl failover.*SIGKILL`))
  const client = await TcpClient.open(t, ready)
  t.is(await client.ask('x', 1), 'x')
  command.killGroup('SIGTERM')
  t.is((await command.ended).code, 0)
  t.is(command.lines.filter(({ event }) => event === 'signal-ignored').length, 1, 'of a signal to all of them nothing is said')
})

test.serial('SIGKILL of ft-run itself leaves no orphan replica', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  process.kill(command.pid, 'SIGKILL')
  t.is((await command.ended).signal, 'SIGKILL')
  await allGone([ready.primary, ready.backup])
  t.pass()
})

test.serial('SIGKILL of ft-run while its guest computes leaves no orphan replica either', async (t) => {
  const { command, ready } = await startPair(t, ['busy'])
  const client = await TcpClient.open(t, ready)
  t.regex(await client.ask('1\n', 3), /^1 /)
  client.send('100000000000\n')
  await new Promise((resolve) => setTimeout(resolve, 100))
  process.kill(command.pid, 'SIGKILL')
  await allGone([ready.primary, ready.backup])
  t.pass()
})

test.serial('both replicas killed: ft-run says so, cleans up and ends', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  process.kill(ready.primary, 'SIGKILL')
  await command.line('live', 'backup')
  process.kill(ready.backup, 'SIGKILL')
  t.is((await command.ended).code, 8)
  t.true(command.lines.filter(({ event, signal }) => event === 'exit' && signal === 'SIGKILL').length >= 2, 'perhaps a third')
  t.regex((await command.line('unavailable')).msg!, /UNAVAILABLE/)
  t.deepEqual(command.leftovers(), [])
})
