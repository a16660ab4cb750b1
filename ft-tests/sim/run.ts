/** `npm run sim -- --seeds 20000 [--from SEED] [--workers N] [--json] [--trace]`: the simulator from the command line. */
import { availableParallelism } from 'node:os'
import { commandLine } from '../../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../../hypervisor/cli/option-values.ts'
import { type Failure, runSeed, type Tally } from './campaign.ts'
import { notReached, seedsForCoverage } from './coverage.ts'
import { runCampaign } from './parallel.ts'

const progressEveryMs = 5000

type Options = { readonly seeds: number; readonly from: number; readonly workers: number; readonly json: boolean; readonly trace: boolean }

const program = commandLine('npm run sim --')
  .description('Runs the protocol cores under seeded faults and checks every promise. Exit code 1: a promise was broken, or a '
    + `campaign of at least ${seedsForCoverage} seeds missed a fault or a protocol state.`)
  .option('--seeds <count>', 'how many runs', wholeFrom(0), 1000)
  .option('--from <seed>', 'the first seed', wholeFrom(0), 1)
  .option('--workers <count>', 'threads', wholeFrom(0), Math.min(2, availableParallelism()))
  .option('--json', 'the result as one line of JSON', false)
  .option('--trace', 'every step of every run on standard output, and its options; for one or a few seeds', false)
  .parse()

const options = program.opts<Options>()
process.exitCode = options.trace ? trace(options) : await campaign(options)

async function campaign({ seeds, from, workers, json }: Options): Promise<number> {
  const startedMs = performance.now()
  let toldMs = startedMs
  let told = 0
  const tally = await runCampaign(from, seeds, workers, (sum) => {
    for (; told < sum.violations.length; told++) console.error(describe(sum.violations[told]!))
    if (performance.now() - toldMs < progressEveryMs) return
    toldMs = performance.now()
    console.error(`${sum.seeds} of ${seeds} seeds, ${sum.violations.length} violations`)
  })
  const summary = summaryOf(tally, (performance.now() - startedMs) / 1000)
  console.log(json ? JSON.stringify(summary) : JSON.stringify(summary, null, 2))
  if (summary.notReached.length > 0) console.error(`never reached: ${summary.notReached.join(', ')}`)
  return tally.violations.length > 0 || summary.notReached.length > 0 ? 1 : 0
}

function summaryOf(tally: Tally, seconds: number) {
  return {
    seeds: tally.seeds, violations: tally.violations.length, failedSeeds: tally.violations.map(({ seed }) => seed).slice(0, 20),
    notReached: tally.seeds < seedsForCoverage ? [] : notReached(tally),
    faults: sorted(tally.faults), states: sorted(tally.states), transitions: sorted(tally.transitions),
    traceHash: tally.traceHash.toString(16).padStart(8, '0'), seconds: Number(seconds.toFixed(1)),
    seedsPerSecond: Number((tally.seeds / seconds).toFixed(1)), simulatedHours: Number((tally.simulatedUs / 3.6e9).toFixed(3))
  }
}

function trace({ seeds, from }: Options): number {
  let broken = 0
  for (let seed = from; seed < from + seeds; seed++) {
    const { simulation, violation } = runSeed(seed, {}, true)
    console.log(`seed ${seed}, options ${JSON.stringify(simulation.options, null, 2)}`)
    for (const line of simulation.trace.lines) console.log(line)
    console.log(`seed ${seed}: trace ${simulation.trace.hash}, ${Math.round(simulation.nowMs)} ms simulated`)
    if (violation === undefined) continue
    console.log(`${violation.checker}: ${violation.sentence}`)
    broken++
  }
  return broken > 0 ? 1 : 0
}

function describe({ seed, checker, sentence, options }: Failure): string {
  const again = `npm run sim -- --from ${seed} --seeds 1 --trace`
  return `seed ${seed}: ${checker}: ${sentence}\n  options ${JSON.stringify(options)}\n  again, alone: ${again}`
}

function sorted(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)))
}
