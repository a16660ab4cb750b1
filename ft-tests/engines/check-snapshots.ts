/** `npm run check:snapshots -- --points 1000 [--json]`: snapshots anywhere, continued in another process or engine. */
import { setFlagsFromString } from 'node:v8'
import { commandLine } from '../../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../../hypervisor/cli/option-values.ts'
import { V8_STACK_FLAGS } from '../../hypervisor/v8/stack-flags.ts'
import { Elsewhere } from './elsewhere.ts'
import { engineNames } from './engine-makers.ts'
import { guestTapes } from './guest-tapes.ts'
import { checkAnywhere, checkBoundaries, type SnapshotResult } from './snapshot-check.ts'

interface Flags {
  readonly points: number
  readonly seed: number
  readonly json: boolean
}

const notes = `
Each guest of the project runs a tape of clients on the interpreter and is stopped at random points (tick, step), in the middle
of its code. A snapshot of each, as bytes, goes to a process that has never run the guest, which goes on to the tape's end: the
same state hashes and outputs must be seen as without. Between events, snapshots also go from each engine to every other.

Exit codes: 0 all equal, 1 something was not, 2 wrong arguments.`


const flags = commandLine('npm run check:snapshots --')
  .description('Takes snapshots at random points and goes on from them in another process.')
  .option('--points <count>', 'random points in the code of each guest', wholeFrom(1), 1000)
  .option('--seed <number>', 'where the random numbers begin', wholeFrom(1), 1)
  .option('--json', 'print the report as one line of JSON', false)
  .addHelpText('after', notes)
  .parse().opts<Flags>()

for (const flag of V8_STACK_FLAGS) setFlagsFromString(flag)
const startedMs = performance.now()
const wrong: string[] = []
const elsewhere = new Elsewhere()
const anywhere: Record<string, { ticks: number; points: number }> = {}
const boundaries: Record<string, number> = {}
for (const [i, guest] of Object.keys(guestTapes).entries()) {
  const result = await checkAnywhere(guest, flags.points, flags.seed + i, elsewhere)
  tell('anywhere', result)
  anywhere[guest] = { ticks: result.ticks, points: result.points }
  for (const from of engineNames) {
    for (const to of engineNames) {
      const between = await checkBoundaries(guest, from, to, flags.seed + i, elsewhere)
      tell(`${from} to ${to}`, between)
      boundaries[`${from} to ${to}`] = (boundaries[`${from} to ${to}`] ?? 0) + between.points
    }
  }
}
elsewhere.end()
const secondsTotal = Number(((performance.now() - startedMs) / 1000).toFixed(1))
const report = { anywhere, boundaries, wrong: wrong.length, examples: wrong.slice(0, 10), secondsTotal }
process.stdout.write(`${flags.json ? JSON.stringify(report) : JSON.stringify(report, undefined, 2)}\n`)
process.exitCode = wrong.length === 0 ? 0 : 1

function tell(kind: string, { guest, points, wrong: lines }: SnapshotResult): void {
  for (const line of lines) wrong.push(`${guest}, ${kind}: ${line}`)
  process.stderr.write(`snapshots: ${guest}, ${kind}: ${points} points, ${lines.length} wrong\n`)
}
