import test from 'ava'
import { Command, isAlive, prepare, run, startPair } from './command.ts'
import { TcpClient } from './tcp-client.ts'

test.before(prepare('echo', 'busy', 'proxy'))

test.serial('--json: the ready line is one JSON object, first of all, with address and both processes', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  const [first] = command.stdout.split('\n')
  t.is(first, `{"event":"ready","address":"127.0.0.1:${ready.port}","primary":{"pid":${ready.primary}},"backup":{"pid":${ready.backup}}}`)
  t.true(isAlive(ready.primary) && isAlive(ready.backup))
  const client = await TcpClient.open(t, ready)
  t.is(await client.ask('hello', 5), 'hello')
  const live = await command.line('protected', 'primary')
  t.like(live, { role: 'primary', pid: ready.primary, term: 1 })
  t.is(typeof live.msg, 'string')
})

test.serial('without --json the ready line is a sentence', async (t) => {
  const command = new Command(t, ['--port', '0', 'echo'])
  const [, port, primary, backup] = await command.output(/^ft-run: echo is ready at 127\.0\.0\.1:(\d+) \(primary (\d+), backup (\d+)\)\n/)
  t.true(isAlive(Number(primary)) && isAlive(Number(backup)))
  t.is(await (await TcpClient.open(t, { host: '127.0.0.1', port: Number(port) })).ask('hi', 2), 'hi')
})

test.serial('after a failover the log says who is live and that the service is unprotected', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  const client = await TcpClient.open(t, ready)
  process.kill(ready.primary, 'SIGKILL')
  t.is(await client.ask('still there?', 12), 'still there?')
  const live = await command.line('live', 'backup')
  t.regex(live.msg!, /^backup: live in term 2, [\d.]+ ms after the suspicion, \d+ entries replayed; the service is UNPROTECTED/)
  t.like(live, { level: 40, term: 2 })
  t.regex((await command.line('exit', 'primary')).msg!, /ended: killed by SIGKILL$/)
})

test.serial('--unprotected starts one replica and says so', async (t) => {
  const { command, ready } = await startPair(t, ['--unprotected', 'echo'])
  t.is(ready.backup, 0)
  t.is(command.stdout.split('\n')[0], `{"event":"ready","address":"127.0.0.1:${ready.port}","primary":{"pid":${ready.primary}}}`)
  t.is(await (await TcpClient.open(t, ready)).ask('x', 1), 'x')
})

test.serial('--help shows examples, images and exit codes; so do the parts have help of their own', async (t) => {
  const help = await run(t, '--help')
  t.is(help.code, 0)
  const expected = ['Examples:', 'ft-run kv ', 'ft-run --port 8080:80 app.wasm', 'Built-in images:', 'ft-run switch', 'Exit codes:']
  for (const part of expected) t.true(help.stdout.includes(part), part)
  for (const [part, option] of [['run', '--memory-max'], ['primary', '--listen'], ['backup', '--primary'], ['switch', '--link']]) {
    const { code, stdout } = await run(t, part, '--help')
    t.is(code, 0)
    t.true(stdout.includes(option), `${part} ${option}`)
  }
})

test.serial('--version is a version', async (t) => {
  const { code, stdout } = await run(t, '--version')
  t.is(code, 0)
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/)
})

test.serial('options may follow the image; what follows -- is the guest\'s', async (t) => {
  const target = await startPair(t, ['echo'])
  const { ready } = await startPair(t, ['proxy', '--port', '0:8080', '--', '8080', `127.0.0.1:${target.ready.port}`])
  t.is(await (await TcpClient.open(t, ready)).ask('through both', 12), 'through both')
})

test.serial('a guest that listens on another port than the published one: said at once, as nothing will ever be ready', async (t) => {
  const command = new Command(t, ['--port', '0:81', 'echo'])
  while (!command.stderr.includes('not published')) await new Promise((resolve) => setTimeout(resolve, 20))
  t.regex(command.stderr, /ft-run: the guest listens on its port 7, which is not published \(published: 81\); use --port HOSTPORT:7/)
  command.process.kill('SIGINT')
  t.not((await command.ended).signal, 'SIGKILL')
})
