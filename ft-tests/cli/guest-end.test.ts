/** A guest that ends, ends the same way on both replicas: not a failover. */
import test, { type ExecutionContext } from 'ava'
import { assemble, probeImage } from '../paper/probe.ts'
import { allGone, Command, imageFile, startPair, type Line } from './command.ts'
import { TcpClient } from './tcp-client.ts'

/** Everything both replicas reported of the guest's end. */
async function ends(t: ExecutionContext, command: string): Promise<{ code: number | null; reports: Line[]; command: Command }> {
  const pair = await startPair(t, [imageFile(t, await probeImage()), '--port', '0:7'])
  const client = await TcpClient.open(t, pair.ready)
  t.is(await client.ask('+', 2), '01')
  client.send(command)
  const { code } = await pair.command.ended
  await allGone([pair.ready.primary, pair.ready.backup])
  t.deepEqual(pair.command.leftovers(), [])
  t.false(pair.command.lines.some(({ event }) => event === 'live'), 'nobody goes live')
  return { code, reports: pair.command.lines.filter(({ event }) => event === 'guest-ended'), command: pair.command }
}

test.serial('a guest that traps ends both replicas with exit code 5 and the same report', async (t) => {
  const { code, reports, command } = await ends(t, 'x')
  t.is(code, 5)
  t.deepEqual(reports.map(({ role }) => role).sort(), ['backup', 'primary'])
  const [one, two] = reports
  t.regex(String(one['how']), /trap.*unreachable/)
  t.deepEqual([one['how'], one['tick']], [two['how'], two['tick']])
  const exits = command.lines.filter(({ event }) => event === 'exit')
  t.deepEqual(exits.map((line) => line['code']), [5, 5])
})

test.serial('a guest that powers off ends both replicas, and ft-run with its code', async (t) => {
  const { code, reports } = await ends(t, 'o')
  t.is(code, 9)
  t.deepEqual(reports.map(({ role }) => role).sort(), ['backup', 'primary'])
  const [one, two] = reports
  t.regex(String(one['how']), /power.*code 9/)
  t.deepEqual([one['how'], one['tick']], [two['how'], two['tick']])
})

test.serial('a guest that powers off at boot: ft-run ends with its code', async (t) => {
  const image = await assemble(`(module
    (import "ft" "power_off" (func $power_off (param i32)))
    (memory (export "memory") 1)
    (func (export "ft_start") (call $power_off (i32.const 3)))
    (func (export "ft_interrupt") (param i32)))`)
  const command = new Command(t, ['--json', '--port', '0:7', imageFile(t, image)])
  const { code } = await command.ended
  t.is(code, 3)
  t.deepEqual(command.leftovers(), [])
  t.regex(command.stderr + command.stdout, /guest powered off with code 3/)
})
