/** §2.3 and §3.1 with real processes: who starts a new backup, and where. */
import test from 'ava'
import { Parts, addressOf } from '../cli/parts.ts'
import { prepare, startPair } from '../cli/command.ts'
import { freePort } from '../drill/free-port.ts'
import { TcpClient } from '../cli/tcp-client.ts'

test.before(prepare('echo'))

test.serial('P2.3-7 after a failover a new backup is started, automatically; whoever is lost', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  const client = await TcpClient.open(t, ready)
  t.is(await client.ask('before', 6), 'before')
  process.kill(ready.primary, 'SIGKILL')
  const first = await command.line('pair') as { primary: { pid: number }; backup: { pid: number }; msg: string }
  t.is(first.primary.pid, ready.backup)
  t.is(first.msg, `the service is PROTECTED: process ${ready.backup} is its primary, process ${first.backup.pid} its backup`)
  t.is(await client.ask('between', 7), 'between')

  process.kill(first.backup.pid, 'SIGKILL')
  const isSecond = ({ event, backup }: { event?: string; backup?: unknown }): boolean =>
    event === 'pair' && (backup as { pid: number }).pid !== first.backup.pid
  while (!command.lines.some(isSecond)) await new Promise((resolve) => setTimeout(resolve, 20))
  t.is(await client.ask('after', 5), 'after')
})

test.serial('P3.1-3 (ours) whoever starts a replica picks its place: a new one joins the one that is live, wherever that is', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const backup = parts.backup()
  await backup.line('protected')
  const client = await TcpClient.open(t, parts.client)
  t.is(await client.ask('one', 3), 'one')
  parts.primary.killGroup('SIGKILL')
  const { address } = await backup.line('listening') as { address: string }
  const third = parts.backup({ channel: addressOf(address) })
  await third.line('protected')
  backup.killGroup('SIGKILL')
  await third.line('live')
  t.is(await client.ask('two', 3), 'two')
})

test.serial('P3.1-3 (ours) a replica that comes before the one it is to join is live, waits for that', async (t) => {
  const parts = await Parts.start(t, 'echo')
  const port = await freePort()
  const backup = parts.backup({ port })
  await backup.line('protected')
  const client = await TcpClient.open(t, parts.client)
  t.is(await client.ask('one', 3), 'one')
  const third = parts.backup({ channel: { host: '127.0.0.1', port } })
  await third.line('engine')
  parts.primary.killGroup('SIGKILL')
  await third.line('protected')
  t.is(await client.ask('two', 3), 'two')
  t.false(third.lines.some(({ event }) => event === 'halt'))
})
