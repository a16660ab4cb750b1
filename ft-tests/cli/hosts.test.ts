/** Switch, primary, backup and client on four hosts (network namespaces). */
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { requireNamespaces } from '../require.ts'
import { Command, makeKey, patience, prepare, temporaryFolder } from './command.ts'
import { killHost, makeHosts } from './namespaces.ts'

const steadyClient = fileURLToPath(new URL('./steady-client.ts', import.meta.url))

test.before(prepare('echo'))

for (const victim of ['primary', 'backup'] as const) {
  test.serial(`on several hosts: the ${victim}'s host dies, and a client on another one notices nothing`, async (t) => {
    if (!requireNamespaces(t)) return
    const [atSwitch, atPrimary, atBackup, atClient] = makeHosts(t, 4)
    const link = `${atSwitch.address}:7100`
    const channel = `${atPrimary.address}:7200`
    const key = ['--key', await makeKey(t)]
    const shared = ['--json', '--vm', 'hosts', '--arbiter', temporaryFolder(t), '--switch', link, ...key, ...patience]

    const switchFlags = ['--json', '--vm', 'hosts', '--link', link, '--bind', atSwitch.address, '--port', '7000:7', ...key]
    const networkSwitch = new Command(t, ['switch', ...switchFlags], { before: atSwitch.exec })
    await networkSwitch.line('ready')
    const primary = new Command(t, ['primary', ...shared, '--listen', channel, 'echo'], { before: atPrimary.exec })
    await primary.line('listening')
    const backup = new Command(t, ['backup', ...shared, '--primary', channel, 'echo'], { before: atBackup.exec })
    await backup.line('protected')
    const client = new Command(t, [atSwitch.address, '7000'], { before: atClient.exec, program: steadyClient })
    await client.line('steady')

    killHost(victim === 'primary' ? atPrimary : atBackup)
    const survivor = victim === 'primary' ? backup : primary
    await survivor.line(victim === 'primary' ? 'live' : 'alone')
    const { length } = client.lines
    await client.output(new RegExp(`(.*steady.*\n){${length + 5}}`))
    client.process.kill('SIGINT')
    t.deepEqual(await client.ended, { code: 0, signal: null })
    t.log(`${(await client.line('done'))['answers']} answers over one connection`)

    t.is((await (victim === 'primary' ? primary : backup).ended).signal, 'SIGKILL')
    survivor.process.kill('SIGINT')
    t.is((await survivor.ended).code, 0)
  })
}
