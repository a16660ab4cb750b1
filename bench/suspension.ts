/**
 * What it costs to suspend a busy guest, and how long a busy guest keeps the host's event loop waiting.
 * `npm run bench:suspension -- --help`
 */
import { commandLine } from '../hypervisor/cli/command-line.ts'
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
/** Guest and plain loop take turns of about this length while gaps are measured. */
const BLOCK_MS = 200

commandLine('npm run bench:suspension --')
  .description('Cost of suspending a busy guest of the V8 engine at regular ticks, and the event loop\'s worst gap beside one.')
  .addOption(positive('--rounds <n>', 'interleaved rounds').default(9))
  .addOption(positive('--every-ms <n>', 'time between two suspensions').default(1))
  .addOption(positive('--quantum-ms <n>', 'quantum while gaps are measured').default(1))
  .addOption(positive('--seconds <n>', 'how long gaps are measured').default(10))
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

/** Milliseconds between two turns of the event loop. */
type Gap = { readonly turns: number, readonly p99: number, readonly p999: number, readonly worst: number, readonly over5ms: number }
type Gaps = { readonly quantumMs: number, readonly guest: Gap, readonly control: Gap }

/**
 * Turns of the event loop beside a guest that is never idle, as a replica runs it; and, in turn with that, beside a plain loop
 * that gives way after each quantum: what the machine itself does to gaps.
 */
async function worstGaps(kernel: Kernel, quantumMs: number, seconds: number): Promise<Gaps> {
  const guest = await boot(kernel)
  const quantum = new QuantumController(quantumMs)
  // The controller learns the guest's speed, and V8 compiles what is hot.
  for (let i = 0; i < WARM_RUNS; i++) await runWork(guest, kernel, 'breathing', () => quantum.ticks, quantum)
  const gaps: Record<'guest' | 'control', number[]> = { guest: [], control: [] }
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    await beside(gaps.guest, () => runWork(guest, kernel, 'breathing', () => quantum.ticks, quantum))
    await beside(gaps.control, () => spin(quantumMs))
  }
  return { quantumMs, guest: gapOf(gaps.guest), control: gapOf(gaps.control) }
}

/** Watches the event loop's turns for a block of time in which `work` is done again and again. */
async function beside(gaps: number[], work: () => Promise<void>): Promise<void> {
  let last = performance.now()
  const end = last + BLOCK_MS
  let watched = setImmediate(turn)
  function turn(): void {
    const now = performance.now()
    gaps.push(now - last)
    last = now
    watched = setImmediate(turn)
  }
  while (performance.now() < end) await work()
  clearImmediate(watched)
}

/** About as long without a turn as a guest's quantum. */
async function spin(ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end;);
  await new Promise((resolve) => { setImmediate(resolve) })
}

function gapOf(gaps: number[]): Gap {
  gaps.sort((a, b) => a - b)
  const at = (share: number): number => rounded(gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))])
  return { turns: gaps.length, p99: at(0.99), p999: at(0.999), worst: at(1), over5ms: gaps.filter((ms) => ms > 5).length }
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
    `Between two turns of the event loop, with a quantum of ${gaps.quantumMs} ms:`,
    gapText('beside a busy guest', gaps.guest), gapText('beside a plain loop', gaps.control),
  ].join('\n')}\n`
}

function gapText(name: string, { p99, p999, worst, turns, over5ms }: Gap): string {
  return `${name}: p99 ${p99} ms, p99.9 ${p999} ms, worst ${worst} ms, ${over5ms} of ${turns} over 5 ms`
}

const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(1)} %`

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000
