/** Links with a key, between real commands. */
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { Command, makeKey, prepare, run, temporaryFolder } from './command.ts'
import { addressOf, replicaFlags } from './parts.ts'
import { TcpClient } from './tcp-client.ts'

test.before(prepare('echo'))

test.serial('switch, primary and backup with one key; strangers are refused and reported; a failover still works', async (t) => {
  const key = ['--key', await makeKey(t)]
  const otherKey = ['--key', await makeKey(t)]
  const networkSwitch = new Command(t, ['switch', '--json', '--vm', 'parts', '--link', '127.0.0.1:0', '--port', '0:7', ...key])
  const ready = await networkSwitch.line('ready')
  const flags = replicaFlags(temporaryFolder(t), ready['link'] as string)
  const primary = new Command(t, ['primary', ...flags, ...key, '--listen', '127.0.0.1:0', 'echo'])
  const { address } = await primary.line('listening')
  const join = ['backup', ...flags, '--primary', address as string]

  const withOther = await run(t, ...join, ...otherKey, 'echo')
  t.regex(withOther.stderr, /^ft-run: can't reach the switch at [\d.:]+: it holds another key\n$/)
  t.is(withOther.code, 2)
  t.is((await networkSwitch.line('refused-stranger'))['reason'], 'wrong key')

  const backup = new Command(t, [...join, ...key, 'echo'])
  await backup.line('protected')
  const client = await TcpClient.open(t, addressOf((ready['clients'] as string).split(' ')[0]))
  client.send('hello')
  t.is(await client.receive(5), 'hello')
  primary.process.kill('SIGKILL')
  await backup.line('live')
  client.send('still there')
  t.is(await client.receive(11), 'still there')
})

test.serial('beyond this machine a key is required, or an explicit no', async (t) => {
  const options = ['--vm', 'a', '--link', '0.0.0.0:0', '--port', '0:7']
  const refused = await run(t, 'switch', ...options)
  t.is(refused.code, 2)
  t.regex(refused.stderr, /^ft-run: 0\.0\.0\.0:0 is not on this machine: give --key FILE .*or say --insecure\n$/)
  const plain = new Command(t, ['switch', '--json', ...options, '--insecure'])
  await plain.line('ready')
  const arbiter = ['--arbiter', temporaryFolder(t)]
  for (const [role, ...where] of [['primary', '--listen'], ['backup', '--primary']]) {
    const { code, stderr } = await run(t, role, '--vm', 'a', ...arbiter, '--switch', '127.0.0.1:1', ...where, '10.0.0.1:7200', 'echo')
    t.is(code, 2)
    t.regex(stderr, /10\.0\.0\.1:7200 is not on this machine/)
  }
})

test.serial('key files: for the owner only, never overwritten, and nothing else will do', async (t) => {
  const path = await makeKey(t)
  t.is(statSync(path).mode & 0o777, 0o600)
  const again = await run(t, 'key', path)
  t.is(again.code, 2)
  t.regex(again.stderr, /the file exists already/)

  const use = (file: string) => run(t, 'switch', '--vm', 'a', '--link', '127.0.0.1:0', '--port', '0:7', '--key', file)
  chmodSync(path, 0o644)
  t.regex((await use(path)).stderr, /^ft-run: can't use the key .*others can read it; run "chmod 600 /)
  const other = join(temporaryFolder(t), 'not.key')
  writeFileSync(other, 'secret', { mode: 0o600 })
  t.regex((await use(other)).stderr, /^ft-run: can't use the key .*: it is not a key/)
  t.regex((await use(join(temporaryFolder(t), 'none'))).stderr, /^ft-run: can't use the key .*: no such file$/m)
})
