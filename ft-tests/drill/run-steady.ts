/**
 * `npm run drill:steady -- --minutes 10`: a pair whose guest is never idle, left alone. Nothing fails, so nobody may suspect
 * anybody: a long computation must keep neither heartbeats nor acknowledgements waiting.
 */
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { commandLine } from '../../hypervisor/cli/command-line.ts'
import { numberFrom } from '../../hypervisor/cli/option-values.ts'
import { addPairEngines, pairEngineFlags, type PairEngineFlags } from '../../hypervisor/cli/engine-options.ts'
import type { PairEvent } from './pair-events.ts'
import { pairStarter, type PairHandle } from './pair.ts'

type Flags = PairEngineFlags & {
  readonly minutes: number
  readonly iterations: number
  readonly minRate: number
  readonly json: boolean
}

/** Two requests are always under way, so that the guest never waits for the next one. */
const UNDER_WAY = 2
const TIMER_PERIOD_US = 1000
const PROGRESS_EVERY_MS = 30_000
/** Events of a pair that has become protected and in which nothing happens. */
const QUIET = new Set(['ready', 'engine', 'test-and-set', 'waiting', 'switch-attached', 'attached', 'protected', 'pair', 'throttle'])
const INTERRUPTED = 130

const command = commandLine('npm run drill:steady --')
  .description('Keeps a pair\'s guest computing, with a timer interrupting it every millisecond, and demands that the pair stays as it is.')
  .option('--minutes <n>', 'how long', numberFrom(0.05, 10_000), 10)
  .option('--iterations <n>', 'loop iterations of one request', numberFrom(1000, 1e12), 2e8)
  .option('--min-rate <n>', 'loop iterations per second demanded, in millions', numberFrom(0, 1e6), 1)
  .option('--json', 'print the report as one line of JSON', false)
  .argument('[ft-run options...]', 'options for ft-run busy, after --')
  .addHelpText('after', '\nFor a machine with nothing else to do; on another one give the pair patience: -- --heartbeats-missed 10.' +
    '\nExit codes: 0 the pair stayed as it was, 1 it did not or the guest idled, 2 wrong arguments, 130 interrupted.')
const flags = addPairEngines(command).parse().opts<Flags>()

const interruption = Promise.withResolvers<'interrupted'>()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interruption.resolve('interrupted'))

try {
  process.exitCode = await drill()
} catch (error) {
  process.stderr.write(`drill:steady: ${(error as Error).message}\n`)
  process.exitCode = 1
}

async function drill(): Promise<number> {
  const ftRun = fileURLToPath(new URL('../../hypervisor/cli/ft-run.ts', import.meta.url))
  const options = ['--json', '--port', '0:7777', ...pairEngineFlags(flags), ...command.args]
  const pair = await pairStarter([process.execPath, ftRun, 'busy', ...options])()
  const startedMs = performance.now()
  try {
    const work = keepBusy(pair, Math.round(flags.iterations))
    const progress = setInterval(() => tell(startedMs, work.calls), PROGRESS_EVERY_MS)
    const end = new Promise<'ended'>((resolve) => setTimeout(resolve, flags.minutes * 60_000, 'ended'))
    const outcome = await Promise.race([end, interruption.promise, work.broken, loud(pair)])
    clearInterval(progress)
    if (outcome === 'interrupted') return INTERRUPTED
    return report(outcome, performance.now() - startedMs, work, pair)
  } finally {
    await pair.stop()
  }
}

type Work = { calls: number; timers: number; readonly broken: Promise<string> }

/** Sends requests and checks answers; `broken` resolves with what went wrong, if something does. */
function keepBusy(pair: PairHandle, iterations: number): Work {
  const socket = connect(pair.address)
  const broken = Promise.withResolvers<string>()
  const work: Work = { calls: 0, timers: 0, broken: broken.promise }
  let result: string | undefined
  socket.on('error', (error) => broken.resolve(`the connection broke: ${error.message}`))
  socket.on('close', () => broken.resolve('the guest closed the connection'))
  createInterface({ input: socket }).on('line', (line) => {
    const [count, value, timers] = line.split(' ')
    result ??= value
    if (count !== String(iterations) || value !== result) broken.resolve(`unexpected answer "${line}"`)
    work.calls++
    work.timers += Number(timers)
    socket.write(`${iterations}\n`)
  })
  socket.write(`P ${TIMER_PERIOD_US}\n${`${iterations}\n`.repeat(UNDER_WAY)}`)
  return work
}

/** Resolves with the first event that is not one of a quiet pair. */
async function loud(pair: PairHandle): Promise<string> {
  const isLoud = ({ event }: PairEvent): boolean => !QUIET.has(event)
  const event = await pair.events.find(isLoud, flags.minutes * 120_000)
  return event === null ? 'ended' : `${String(event.event)}: ${String(event.msg ?? JSON.stringify(event))}`
}

function report(outcome: string, elapsedMs: number, { calls, timers }: Work, pair: PairHandle): number {
  const seconds = elapsedMs / 1000
  const millionIterationsPerSecond = Math.round(calls * flags.iterations / seconds / 1e4) / 100
  const throttled = pair.events.seen.filter(({ event, on }) => event === 'throttle' && on === true).length
  const complaints = [
    ...outcome === 'ended' ? [] : [outcome],
    ...millionIterationsPerSecond >= flags.minRate ? [] : ['the guest computed too slowly: see millionIterationsPerSecond'],
    ...timers > 0 ? [] : ['no timer interrupted the guest']
  ]
  const [passed, minutes] = [complaints.length === 0, Math.round(seconds / 6) / 10]
  const figures = { passed, minutes, calls, millionIterationsPerSecond, timers, throttled, complaints }
  process.stdout.write(`${flags.json ? JSON.stringify(figures) : JSON.stringify(figures, undefined, 2)}\n`)
  return complaints.length === 0 ? 0 : 1
}

function tell(startedMs: number, calls: number): void {
  process.stderr.write(`${Math.round((performance.now() - startedMs) / 1000)} s: ${calls} computations\n`)
}
