/** `--net direct`: fewer hops, and a failover breaks connections; it says so. */
import test from 'ava'
import { prepare, startPair } from './command.ts'
import { TcpClient } from './tcp-client.ts'

test.before(prepare('echo'))

test.serial('the primary serves clients itself; after a failover the backup does, on the same port', async (t) => {
  // A port that was free a moment ago: both replicas must use the same one.
  const { ready: { port } } = await (async () => {
    const trial = await startPair(t, ['echo'])
    trial.command.killGroup('SIGINT')
    await trial.command.ended
    return trial
  })()
  const { command, ready } = await startPair(t, ['--net', 'direct', '--port', `${port}`, 'echo'])
  t.is(ready.port, port)
  const before = await TcpClient.open(t, ready)
  t.is(await before.ask('direct', 6), 'direct')
  t.false(command.lines.some((line) => line['role'] === 'switch'))

  process.kill(ready.primary, 'SIGKILL')
  await before.end()
  const live = await command.line('live', 'backup')
  while (!command.lines.some(({ event, pid }) => event === 'attached' && pid === live['pid'])) await new Promise((go) => setTimeout(go, 20))
  const after = await TcpClient.open(t, ready)
  t.is(await after.ask('direct again', 12), 'direct again')
  t.regex(live.msg!, /UNPROTECTED/)
})

test.serial('the backup killed: connections stay', async (t) => {
  const { command, ready } = await startPair(t, ['--net', 'direct', '--port', '0', 'echo'])
  t.not(ready.port, 0, 'the ready line names the port it got')
  const client = await TcpClient.open(t, ready)
  process.kill(ready.backup, 'SIGKILL')
  await command.line('alone', 'primary')
  t.is(await client.ask('undisturbed', 11), 'undisturbed')
})
