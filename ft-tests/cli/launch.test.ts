/** Started on another version of Node, the commands find the pinned one, and still end as they should. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import test from 'ava'
import { allGone, Command, prepare, type Line } from './command.ts'

test.before(prepare('echo'))

/** A Node of another version on the PATH. */
function otherNode(): string | undefined {
  const found = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node')).filter((path) => existsSync(path))
  return found.find((path) => spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim() !== process.version)
}

for (const target of ['group', 'process'] as const) {
  test.serial(`started on another Node, SIGINT to the ${target} ends everything`, async (t) => {
    const node = otherNode()
    if (node === undefined) return t.pass('this machine has the pinned Node only')
    const command = new Command(t, ['--json', '--port', '0', 'echo'], { node })
    const { primary, backup } = await command.line('ready') as Line & { primary: { pid: number }; backup: { pid: number } }
    if (target === 'group') command.killGroup('SIGINT')
    else process.kill(command.pid, 'SIGINT')
    t.deepEqual(await command.ended, { code: 0, signal: null })
    await allGone([primary.pid, backup.pid])
    t.deepEqual(command.leftovers(), [])
  })
}

test.serial('started on another Node, SIGKILL to the process ends everything too', async (t) => {
  const node = otherNode()
  if (node === undefined) return t.pass('this machine has the pinned Node only')
  const command = new Command(t, ['--json', '--port', '0', 'echo'], { node })
  const { primary, backup } = await command.line('ready') as Line & { primary: { pid: number }; backup: { pid: number } }
  process.kill(command.pid, 'SIGKILL')
  t.is((await command.ended).signal, 'SIGKILL')
  await allGone([primary.pid, backup.pid])
  t.pass()
})

test.serial('started on another Node, bad input ends with the same line and code', async (t) => {
  const node = otherNode()
  if (node === undefined) return t.pass('this machine has the pinned Node only')
  const command = new Command(t, ['nothing'], { node })
  t.is((await command.ended).code, 2)
  t.regex(command.stderr, /^ft-run: no image "nothing"/)
})
