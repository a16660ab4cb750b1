/** Parts that wait for another one say so, and for whom; one that is refused without a word is told what may be missing. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Command, makeKey, prepare, temporaryFolder } from './command.ts'

test.before(prepare('echo'))

const common = (t: ExecutionContext, role: string): string[] => [role, '--json', '--vm', 'shop', '--arbiter', temporaryFolder(t)]
const direct = ['--net', 'direct', '--port', '0:7']

/** An address where connections are taken, and nothing is said. */
async function silentAddress(t: ExecutionContext): Promise<string> {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('no switch there: said at once', async (t) => {
  const primary = new Command(t, [...common(t, 'primary'), '--switch', '127.0.0.1:1', 'echo'])
  const { msg } = await primary.line('waiting-for')
  t.is(msg, 'primary: waiting for the switch at 127.0.0.1:1: nothing listens there')
})

test('no primary there: said at once', async (t) => {
  const backup = new Command(t, [...common(t, 'backup'), ...direct, '--primary', '127.0.0.1:1', 'echo'])
  t.is((await backup.line('waiting-for')).msg, 'backup: waiting for the primary at 127.0.0.1:1: nothing listens there')
})

test('a primary that takes the connection and says nothing: said after a few seconds', async (t) => {
  const address = await silentAddress(t)
  const backup = new Command(t, [...common(t, 'backup'), ...direct, '--primary', address, 'echo'])
  const { msg } = await backup.line('waiting-for')
  t.is(msg, `backup: waiting for the primary at ${address}: it has not said a word since it took the connection`)
})

test('a backup without the key is told what may be missing', async (t) => {
  const key = ['--key', await makeKey(t)]
  const primary = new Command(t, [...common(t, 'primary'), ...direct, ...key, '--listen', '127.0.0.1:0', 'echo'])
  const { address } = await primary.line('listening')
  const backup = new Command(t, [...common(t, 'backup'), ...direct, '--primary', address as string, 'echo'])
  t.is((await backup.ended).code, 6)
  t.regex((await backup.line('halt')).msg!, /^halted: channel to the primary: .*, without a word: does it want a key \(--key FILE\)\?$/)
})

test('a primary without the switch\'s key is told the same, and tries again ever more slowly', async (t) => {
  const key = ['--key', await makeKey(t)]
  const networkSwitch = new Command(t, ['switch', '--json', '--vm', 'shop', '--link', '127.0.0.1:0', '--port', '0:7', ...key])
  const { link } = await networkSwitch.line('ready')
  const primary = new Command(t, [...common(t, 'primary'), '--switch', link as string, '--unprotected', 'echo'])
  const { msg } = await primary.line('switch-lost')
  t.regex(msg!, /lost the switch: .*, without a word: does it want a key \(--key FILE\)\?; connecting again$/)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  t.true(networkSwitch.lines.filter(({ event }) => event === 'refused-stranger').length < 10)
})
