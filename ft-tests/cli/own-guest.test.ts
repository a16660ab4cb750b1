/** The way to a guest of one's own is what guest-images/README.md says: its source, compiled by its command, is served. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { startPair, temporaryFolder } from './command.ts'
import { TcpClient } from './tcp-client.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

test('the guest of the README, compiled outside the project by its command, is served as a pair', async (t) => {
  const readme = readFileSync(join(root, 'guest-images/README.md'), 'utf8')
  const source = /```ts\n(.*?)```/s.exec(readme)![1]!
  const [compile, start] = /```sh\nnpx (asc .*)\nnpx ft-run (.*)\n```/.exec(readme)!.slice(1)
  const home = temporaryFolder(t)
  writeFileSync(join(home, 'shout.ts'), source)
  const inHome = (line: string): string[] => line.replaceAll('~', home).split(' ')
  const [compiler, ...flags] = inHome(compile!)
  t.is(compiler, 'asc')
  execFileSync(process.execPath, [join(root, 'node_modules/assemblyscript/bin/asc.js'), ...flags], { cwd: root })
  const { ready } = await startPair(t, inHome(start!.replace('--port 7000:', '--port 0:')))
  const client = await TcpClient.open(t, ready)
  t.is(await client.ask('hello, pair', 11), 'HELLO, PAIR')
})
