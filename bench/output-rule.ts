/**
 * What the output rule costs: latency and throughput of the key/value service unprotected, protected in both
 * network modes, and of Redis on the same requests, in interleaved rounds. `npm run bench:output-rule -- --help`
 */
import { execFile } from 'node:child_process'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { InvalidArgumentError, Option } from 'commander'
import { commandLine } from '../hypervisor/cli/command-line.ts'
import type { GeneratorOptions, Measurement, RequestKind } from './load-generator.ts'
import type { Command as Measured, Samples } from './medians.ts'
import { positive } from './option-values.ts'
import { modeReports, outputRuleTable, type OutputRuleReport } from './output-rule-report.ts'
import { hasRedisBenchmark, redisBenchmark } from './redis-benchmark.ts'
import { MODES, REQUESTS, startServer, type Mode, type Server } from './servers.ts'

type Flags = {
  readonly rounds?: number
  readonly seconds?: number
  readonly connections: number
  readonly modes: readonly Mode[]
  readonly generator: 'node' | 'redis-benchmark'
  readonly quick: boolean
  readonly json: boolean
}

type Plan = Pick<Flags, 'connections' | 'generator'> & { readonly rounds: number; readonly seconds: number }

const examples = `
Examples:
  npm run bench:output-rule                          5 rounds of 2 s a figure, about 4 minutes
  npm run bench:output-rule -- --quick               2 short rounds, to see that it runs
  npm run bench:output-rule -- --modes switch,redis-wait --json`

commandLine('npm run bench:output-rule --')
  .description('Measures what the output rule costs, beside Redis with WAIT 1 where redis-server is installed.')
  .addOption(positive('--rounds <n>', 'interleaved rounds (default: 5; quick: 2)'))
  .addOption(positive('--seconds <n>', 'length of a measurement (default: 2; quick: 0.4)'))
  .addOption(positive('--connections <n>', 'connections for throughput').default(64))
  .addOption(new Option('--modes <list>', 'modes to measure').argParser(parseModes).default(MODES, MODES.join(',')))
  .addOption(new Option('--generator <name>', 'what makes the load').choices(['node', 'redis-benchmark']).default('node'))
  .option('--quick', 'few and short measurements: a trial, not figures to quote', false)
  .option('--json', 'print one line of JSON', false)
  .addHelpText('after', examples)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`output-rule: ${(error as Error).message}\n`)
    process.exitCode = 1
  })

async function main(flags: Flags): Promise<void> {
  if (flags.generator === 'redis-benchmark' && !hasRedisBenchmark()) {
    throw new Error('redis-benchmark is not installed; use --generator node')
  }
  const loadBefore = Math.round((loadavg()[0] as number) * 10) / 10
  const { rounds = flags.quick ? 2 : 5, seconds = flags.quick ? 0.4 : 2, connections } = flags
  const notRun: Partial<Record<Mode, string>> = {}
  const samples = await measureAll(flags.modes, { rounds, seconds, connections, generator: flags.generator }, notRun)
  const report: OutputRuleReport = {
    node: process.versions.node, generator: flags.generator, rounds, secondsPerMeasurement: seconds, loadBefore, connections,
    modes: modeReports(samples), notRun,
  }
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : outputRuleTable(report))
  // Redis may be missing; our own modes may not.
  if (Object.keys(notRun).some((mode) => !mode.startsWith('redis'))) process.exitCode = 1
}

/** A mode that fails at any point is left out as a whole, with its reason in `notRun`. */
async function measureAll(modes: readonly Mode[], plan: Plan, notRun: Partial<Record<Mode, string>>): Promise<Samples> {
  const samples: Samples = {}
  for (let round = 1; round <= plan.rounds; round++) {
    // Every other round goes the other way, so that a drift of the machine favours no mode.
    const order = round % 2 === 1 ? modes : modes.toReversed()
    for (const mode of order.filter((mode) => notRun[mode] === undefined)) {
      process.stderr.write(`round ${round}/${plan.rounds}: ${mode}\n`)
      try {
        await measureMode(mode, plan, samples)
      } catch (error) {
        notRun[mode] = (error as Error).message.split('\n')[0] as string
        delete samples[mode]
      }
    }
  }
  return samples
}

/** One server at a time: an idle one would still cost the others something. */
async function measureMode(mode: Mode, plan: Plan, samples: Samples): Promise<void> {
  const server = await startServer(mode)
  try {
    for (const command of Object.keys(REQUESTS[mode]) as Measured[]) {
      const one = await measure(server, REQUESTS[mode][command]!, { ...plan, connections: 1 })
      const many = await measure(server, REQUESTS[mode][command]!, plan)
      server.verify?.()
      const ofMode = (samples[mode] ??= {})
      ;(ofMode[command] ??= []).push({ one, many })
    }
  } finally {
    await server.stop()
  }
}

async function measure(server: Server, kind: RequestKind, plan: Plan): Promise<Measurement> {
  const measureMs = plan.seconds * 1000
  const options: GeneratorOptions = { ...server.address, connections: plan.connections, kind, warmUpMs: measureMs / 2, measureMs }
  if (plan.generator === 'redis-benchmark') return redisBenchmark(options)
  const script = fileURLToPath(new URL('load-generator.ts', import.meta.url))
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(options)])
    return JSON.parse(stdout) as Measurement
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() || (error as Error).message
    throw new Error(`${kind} with ${plan.connections} connections: ${said}`)
  }
}

function parseModes(value: string): Mode[] {
  return value.split(',').map((name) => {
    const mode = MODES.find((known) => known === name)
    if (mode === undefined) throw new InvalidArgumentError(`no mode "${name}" (there are: ${MODES.join(', ')}).`)
    return mode
  })
}
