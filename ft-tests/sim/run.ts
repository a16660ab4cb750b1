/** `node ft-tests/sim/run.ts --seeds 500 [--from SEED] [--json] [--verbose]`: the simulator from the command line. */
import { parseArgs } from 'node:util'
import { Campaign, type RunResult } from './campaign.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' }, from: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false }
  }
})

const seeds = wholeNumber('--seeds', values.seeds)
const from = wholeNumber('--from', values.from)
const campaign = new Campaign()
const startedMs = performance.now()
for (let seed = from; seed < from + seeds; seed++) tell(campaign.run(seed))
const seconds = (performance.now() - startedMs) / 1000
const summary = {
  seeds, violations: campaign.violations.length, faults: sorted(campaign.faults), states: sorted(campaign.states),
  seedsPerSecond: Number((seeds / seconds).toFixed(1)), simulatedHours: Number((campaign.simulatedMs / 3_600_000).toFixed(4))
}
console.log(values.json ? JSON.stringify(summary) : JSON.stringify(summary, null, 2))
process.exitCode = campaign.violations.length > 0 ? 1 : 0

function tell({ seed, violation, simulation }: RunResult): void {
  if (violation !== undefined) {
    const lines = [`seed ${seed}: ${violation.checker}: ${violation.sentence}`, `options ${JSON.stringify(simulation.options)}`]
    if (values.verbose) lines.push(...simulation.trace.lines)
    console.error(lines.join('\n'))
  } else if (values.verbose) {
    console.error(`seed ${seed}: trace ${simulation.trace.hash}, ${Math.round(simulation.nowMs)} ms simulated`)
  }
}

function sorted(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => a.localeCompare(b)))
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`${name} ${text}: must be a whole number`)
  process.exit(2)
}
