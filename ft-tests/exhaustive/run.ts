/** `npm run drill:exhaustive`: kills replicas at every place where they can die. */
import { Worker } from 'node:worker_threads'
import { Option } from 'commander'
import { commandLine } from '../../hypervisor/cli/command-line.ts'
import { wholeFrom } from '../../hypervisor/cli/option-values.ts'
import { SCENARIOS, type Scenario } from './scenario.ts'
import { addCount, hasPassed, noCount, type SweepCount } from './sweep.ts'
import type { FromWorker, WorkerOrder } from './worker.ts'

type Flags = {
  readonly entries: number
  readonly scenario?: Scenario
  readonly stride: number
  readonly workers: number
  readonly json: boolean
}

const COMPLAINTS_TOLD = 20

const command = commandLine('npm run drill:exhaustive --')
  .description('Kills a real replica before and after everything it sends, releases, acknowledges or reports, one place ' +
    'a run, under load; then lets a new backup join and kills the survivor too. Exit code 1 if a client could notice.')
  .addOption(new Option('--scenario <name>', 'only this one (default: all)').choices(SCENARIOS))
  .option('--entries <n>', 'log entries of an uninterrupted run', wholeFrom(1), 1000)
  .option('--stride <n>', 'only every n-th place', wholeFrom(1), 1)
  .option('--workers <n>', 'threads', wholeFrom(1), 2)
  .option('--json', 'one line of JSON at the end', false)
  .parse()
const flags = command.opts<Flags>()

const startedMs = performance.now()
const total = noCount()
const byScenario: Record<string, SweepCount> = {}
for (const scenario of flags.scenario === undefined ? SCENARIOS : [flags.scenario]) {
  const count = await sweepInThreads(scenario)
  byScenario[scenario] = count
  addCount(total, count)
}
const { complaints, ...figures } = total
const passed = hasPassed(total)
const scenarios = Object.fromEntries(
  Object.entries(byScenario).map(([name, { points, unavailable, entriesMax }]) => [name, { points, unavailable, entriesMax }])
)
const report = { passed, ...figures, seconds: Math.round((performance.now() - startedMs) / 1000), scenarios }
for (const complaint of complaints.slice(0, COMPLAINTS_TOLD)) process.stderr.write(`FAILED: ${complaint}\n`)
process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : `${JSON.stringify(report, null, 2)}\n`)
process.exitCode = passed ? 0 : 1

async function sweepInThreads(scenario: Scenario): Promise<SweepCount> {
  const count = noCount()
  let done = 0
  const tell = (): void => {
    if (++done % 100 === 0) process.stderr.write(`${scenario}: ${done} places\n`)
  }
  const { workers, stride, entries } = flags
  const share = { scenario, entriesMin: entries, stride: workers * stride }
  const orders = Array.from({ length: workers }, (_, i) => ({ ...share, first: 1 + i * stride }))
  for (const part of await Promise.all(orders.map((order) => inThread(order, tell)))) addCount(count, part)
  return count
}

function inThread(order: WorkerOrder, onPoint: () => void): Promise<SweepCount> {
  const { promise, resolve, reject } = Promise.withResolvers<SweepCount>()
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: order })
  worker.on('message', (message: FromWorker) => {
    if (message.count === undefined) return onPoint()
    resolve(message.count)
    void worker.terminate()
  })
  worker.on('error', reject)
  return promise
}
