/** `npm run check:stops -- --targets 10000 [--json]`: stops at random ticks over all kernels and guests, on every engine. */
import { setFlagsFromString } from 'node:v8'
import { commandLine } from '../../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../../hypervisor/cli/option-values.ts'
import { V8_STACK_FLAGS } from '../../hypervisor/v8/stack-flags.ts'
import { engineMakers } from './engine-makers.ts'
import { checkInterrupts, checkStops } from './stop-check.ts'
import type { StopResult } from './stop-check.ts'
import { allSubjects, interruptible } from './subjects.ts'

interface Flags {
  readonly targets: number
  readonly seed: number
  readonly json: boolean
}

const notes = `
Each kernel of bench:engines (the small work) and each guest of the project (a tape of clients) runs uninterrupted, then stopped
at random ticks: the stop must come at the tick asked for, and the end must have the hash of the uninterrupted run. Engines must
show the same state at the same ticks. Kernels are also interrupted at random ticks, by a handler that only counts.

Exit codes: 0 all exact, 1 something was not, 2 wrong arguments.`

const INTERRUPTS_PER_KERNEL = 100

const flags = commandLine('npm run check:stops --')
  .description('Stops and interrupts real programs at random ticks.')
  .option('--targets <count>', 'random ticks to stop at, on each engine', wholeFrom(1), 10_000)
  .option('--seed <number>', 'where the random numbers begin', wholeFrom(1), 1)
  .option('--json', 'print the report as one line of JSON', false)
  .addHelpText('after', notes)
  .parse().opts<Flags>()

for (const flag of V8_STACK_FLAGS) setFlagsFromString(flag)
const startedMs = performance.now()
const wrong: string[] = []
const seen = new Map<string, { engine: string, states: string }>()
const engines: Record<string, { targets: number, interrupts: number }> = {}
for (const engine of Object.keys(engineMakers)) engines[engine] = await checkEngine(engine)
const secondsTotal = Number(((performance.now() - startedMs) / 1000).toFixed(1))
const report = { engines, wrong: wrong.length, examples: wrong.slice(0, 10), secondsTotal }
process.stdout.write(`${flags.json ? JSON.stringify(report) : JSON.stringify(report, undefined, 2)}\n`)
process.exitCode = wrong.length === 0 ? 0 : 1

async function checkEngine(engine: string): Promise<{ targets: number, interrupts: number }> {
  const subjects = await allSubjects()
  const programs = await interruptible()
  const maker = engineMakers[engine]
  let targets = 0
  let interrupts = 0
  for (const [i, subject] of subjects.entries()) {
    const left = flags.targets - targets
    const result = await checkStops(subject, maker, Math.ceil(left / (subjects.length - i)), flags.seed + i)
    targets += result.targets
    tell(engine, result)
    compare(engine, result)
  }
  for (const [i, program] of programs.entries()) {
    const result = await checkInterrupts(program, maker, INTERRUPTS_PER_KERNEL, flags.seed + i)
    interrupts += result.targets
    tell(engine, result)
  }
  return { targets, interrupts }
}

function tell(engine: string, { subject, ticks, targets, wrong: lines }: StopResult): void {
  for (const line of lines) wrong.push(`${engine}, ${subject}: ${line}`)
  const wrongs = lines.map((line) => `\n  ${line}`).join('')
  process.stderr.write(`stops: ${engine}, ${subject}: ${ticks} ticks, ${targets} stops, ${lines.length} wrong${wrongs}\n`)
}

/** The first engine's states are what the others must show. */
function compare(engine: string, { subject, seen: states }: StopResult): void {
  const text = states.join('\n')
  const first = seen.get(subject)
  if (first === undefined) seen.set(subject, { engine, states: text })
  else if (first.states !== text) wrong.push(`${engine}, ${subject}: ${text} instead of ${first.engine}'s ${first.states}`)
}
