/**
 * What it costs to suspend a busy guest, and how long a busy guest keeps the host's event loop waiting.
 * `npm run bench:suspension -- --help`
 */
import { Command } from 'commander'
import { QuantumController } from '../hypervisor/host/quantum.ts'
import type { Engine, Stop } from '../hypervisor/machine/engine.ts'
import { createV8Engine } from '../hypervisor/v8/engine.ts'
import { check, processorMs } from './engines/contender.ts'
import { checksumIn, KERNEL_PAGES_MAX, kernels, loadKernel } from './kernels/catalogue.ts'
import type { Kernel } from './kernels/catalogue.ts'
import { geomean, median } from './medians.ts'
import { positive } from './option-values.ts'

type Flags = {
  readonly rounds: number
  readonly everyMs: number
  readonly quantumMs: number
  readonly seconds: number
  readonly json: boolean
}

/** How a run goes on after it has stopped at a tick. */
const MODES = ['unsuspended', 'suspended', 'breathing'] as const
type Mode = typeof MODES[number]

/** Processor time as a multiple of that without suspensions. */
type Cost = { readonly suspended: number, readonly breathing: number }
type Overall = { readonly geomean: number, readonly worst: number }

const KERNELS = ['sieve', 'xorshift', 'vm', 'quicksort', 'sha256', 'coremark', 'fib', 'nbody']
const FAR = 2 ** 52
/** Runs of a kernel that make a sample: about 0.1 s. */
const RUNS = 10
const WARM_RUNS = 12

new Command('bench:suspension')
  .description('Cost of suspending a busy guest of the V8 engine at regular ticks, and the event loop\'s worst gap beside one.')
  .addOption(positive('--rounds <n>', 'interleaved rounds').default(9))
  .addOption(positive('--every-ms <n>', 'time between two suspensions').default(1))
  .addOption(positive('--quantum-ms <n>', 'quantum while gaps are measured').default(1))
  .addOption(positive('--seconds <n>', 'how long gaps are measured').default(5))
  .option('--json', 'print one line of JSON', false)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`bench:suspension: ${(error as Error).message}\n`)
    process.exitCode = 1
  })

async function main({ rounds, everyMs, quantumMs, seconds, json }: Flags): Promise<void> {
  // First: what other guests leave behind is no part of a replica, which has one.
  process.stderr.write(`gaps, ${seconds} s\n`)
  const gaps = await worstGaps(kernels().find(({ name }) => name === 'sha256')!, quantumMs, seconds)
  const costs: Record<string, Cost> = {}
  for (const name of KERNELS) {
    process.stderr.write(`${name}\n`)
    const kernel = kernels().find((each) => each.name === name)!
    costs[name] = await costsOf(kernel, rounds, everyMs)
  }
  const report = {
    everyMs, rounds, suspended: overall(costs, 'suspended'), breathing: overall(costs, 'breathing'), kernels: costs, gaps,
  }
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : text(report))
}

function overall(costs: Readonly<Record<string, Cost>>, mode: keyof Cost): Overall {
  const values = Object.values(costs).map((cost) => cost[mode])
  return { geomean: rounded(geomean(values)), worst: Math.max(...values) }
}

/** Processor time with suspensions, divided by the time without; medians over the rounds. */
async function costsOf(kernel: Kernel, rounds: number, everyMs: number): Promise<Cost> {
  const guest = await boot(kernel)
  let perMs = 0
  for (let i = 0; i < WARM_RUNS; i++) {
    const [before, started] = [guest.ticks, processorMs()]
    await runWork(guest, kernel, 'unsuspended', () => FAR)
    perMs = (guest.ticks - before) / (processorMs() - started)
  }
  const quantum = Math.max(1, Math.round(perMs * everyMs))
  const samples: Record<Mode, number[]> = { unsuspended: [], suspended: [], breathing: [] }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < MODES.length; turn++) {
      const mode = MODES[(round + turn) % MODES.length]
      const started = processorMs()
      for (let i = 0; i < RUNS; i++) await runWork(guest, kernel, mode, () => mode === 'unsuspended' ? FAR : quantum)
      samples[mode].push(processorMs() - started)
    }
  }
  const cost = (mode: Mode): number => rounded(median(samples[mode].map((ms, round) => ms / samples.unsuspended[round])))
  return { suspended: cost('suspended'), breathing: cost('breathing') }
}

type Gaps = { readonly quantumMs: number, readonly turns: number, readonly worstMs: number, readonly worstProcessorMs: number }

/** Turns of the event loop beside a guest that is never idle, as a replica runs it. */
async function worstGaps(kernel: Kernel, quantumMs: number, seconds: number): Promise<Gaps> {
  const guest = await boot(kernel)
  const quantum = new QuantumController(quantumMs)
  for (let i = 0; i < WARM_RUNS; i++) await runWork(guest, kernel, 'unsuspended', () => FAR)
  let [turns, worstMs, worstProcessorMs] = [0, 0, 0]
  let [lastMs, lastProcessorMs] = [performance.now(), threadMs()]
  const end = lastMs + seconds * 1000
  let ended = false
  const turn = (): void => {
    const [now, used] = [performance.now(), threadMs()]
    // The controller learns the guest's speed in the first turns.
    if (turns++ > 20) {
      worstMs = Math.max(worstMs, now - lastMs)
      worstProcessorMs = Math.max(worstProcessorMs, used - lastProcessorMs)
    }
    [lastMs, lastProcessorMs] = [now, used]
    if (!ended) setImmediate(turn)
  }
  turn()
  while (performance.now() < end) await runWork(guest, kernel, 'breathing', () => quantum.ticks, quantum)
  ended = true
  return { quantumMs, turns, worstMs: rounded(worstMs), worstProcessorMs: rounded(worstProcessorMs) }
}

async function boot(kernel: Kernel): Promise<Engine> {
  const guest = createV8Engine(await loadKernel(kernel), {}, { memoryPagesMax: KERNEL_PAGES_MAX })
  guest.enter('ft_start', 0)
  await new Promise((resolve) => { guest.run(FAR, resolve) })
  return guest
}

/** Does the kernel's large work once, stopping every `ticks()` ticks. */
function runWork(guest: Engine, kernel: Kernel, mode: Mode, ticks: () => number, quantum?: QuantumController): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopped = (stop: Stop): void => {
      if (stop.kind === 'tick') {
        quantum?.runStopped(guest.ticks, performance.now())
        if (mode === 'breathing') setImmediate(goOn)
        else goOn()
        return
      }
      try {
        if (stop.kind !== 'idle') throw new Error(`${kernel.name} ended: ${stop.kind}`)
        check('the suspended engine', kernel, kernel.large, checksumIn(guest.memory()))
        resolve()
      } catch (error) {
        reject(error as Error)
      }
    }
    const goOn = (): void => {
      quantum?.runStarts(guest.ticks, performance.now())
      guest.run(guest.ticks + ticks(), stopped)
    }
    guest.enter('ft_interrupt', kernel.large.size)
    goOn()
  })
}

type Report = {
  readonly everyMs: number
  readonly rounds: number
  readonly suspended: Overall
  readonly breathing: Overall
  readonly kernels: Readonly<Record<string, Cost>>
  readonly gaps: Gaps
}

function text({ everyMs, rounds, kernels: costs, suspended, breathing, gaps }: Report): string {
  const line = (name: string, a: string, b: string): string => `${name.padEnd(10)}${a.padStart(11)}${b.padStart(25)}`
  return `${[
    line('', 'suspended', 'with a turn of the loop'),
    ...Object.entries(costs).map(([name, cost]) => line(name, percent(cost.suspended), percent(cost.breathing))),
    line('geomean', percent(suspended.geomean), percent(breathing.geomean)),
    `Cost of a suspension every ${everyMs} ms: processor time, medians of ${rounds} interleaved rounds.`,
    `Beside a busy guest with a quantum of ${gaps.quantumMs} ms, the event loop's worst gap in ${gaps.turns} turns was`,
    `${gaps.worstMs} ms (${gaps.worstProcessorMs} ms of processor time at most: what goes beyond is other programs).`,
  ].join('\n')}\n`
}

/** Milliseconds of processor time of this thread: neither other programs nor V8's background compiler count. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(1)} %`

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000
