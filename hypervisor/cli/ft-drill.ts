/** The `ft-drill` command line: starts pairs, breaks them under load, and says what the clients noticed. */
import { realpathSync } from 'node:fs'
import { Option } from 'commander'
import { commandLine } from './command-line.ts'
import { runDrill } from '../../ft-tests/drill/drill.ts'
import { FAULTS, type Mode, MODES } from '../../ft-tests/drill/faults/faults.ts'
import {
  type InTurnOptions, KILL_IN_TURN, killInTurnDescription, runInTurn, startInTurn
} from '../../ft-tests/drill/kill-in-turn.ts'
import type { RoundResult } from '../../ft-tests/drill/round.ts'
import { addPairEngines, pairEngineFlags, type PairEngineFlags } from './engine-options.ts'
import { numberFrom, wholeFrom } from './option-values.ts'
import { packageVersion } from './package-version.ts'

type Flags = PairEngineFlags & {
  readonly rounds: number
  readonly clients: number
  readonly pipeline: number
  readonly rate: number
  readonly minRate: number
  readonly seconds: number
  readonly seed?: number
  readonly json: boolean
}

const FAILED = 1
const INTERRUPTED = 130
const COMPLAINTS_TOLD = 20

const examples = `
Examples:
  ft-drill kill-primary                          10 rounds, 8 clients, a table at the end
  ft-drill kill-primary --rounds 50 --json       one line of JSON
  ft-drill pause-primary --clients 16 --pipeline 4
  ft-drill kill-primary --backup-engine interpreter
  ft-drill kill-both-in-turn --rounds 200        one pair, the same clients, 200 failovers
  ft-drill kill-backup -- --heartbeat 20         options after -- go to ft-run

Exit codes: 0 the clients noticed nothing, 1 they did or the drill could not be run, 2 wrong arguments, 130 interrupted.
Reproduce a failed round's choices with its --seed; what the machines do meanwhile is their own.`

const program = commandLine('ft-drill')
  .description('Drives a fault-tolerant pair with clients that record every call, breaks it, and checks what they saw.')
  .version(packageVersion())
  .addHelpText('after', examples)

for (const mode of [...MODES, KILL_IN_TURN] as const) {
  addPairEngines(program.command(mode))
    .description(mode === KILL_IN_TURN ? killInTurnDescription : FAULTS[mode].description)
    .argument('[ft-run options...]', 'options for ft-run kv, after --')
    .addOption(number('--rounds <n>', 'rounds, each with a new pair (in turn: failovers of one)', wholeFrom(1, 100_000)).default(10))
    .addOption(number('--clients <n>', 'clients at work at the same time', wholeFrom(1, 1000)).default(8))
    .addOption(number('--pipeline <n>', 'calls that a client has under way at once', wholeFrom(1, 1000)).default(8))
    .addOption(number('--rate <n>', 'calls per second of all clients together; 0: no limit', numberFrom(0, 1e7))
      .default(mode === KILL_IN_TURN ? 2000 : 0))
    .addOption(number('--min-rate <n>', 'replies per second demanded before the fault', numberFrom(1, 1e7)).default(1000))
    .addOption(number('--seconds <n>', 'how long the clients of a round work, about', numberFrom(0.2, 3600)).default(2))
    .addOption(number('--seed <n>', 'seed of calls and moments of faults (default: random)', wholeFrom(0, 2 ** 31)))
    .option('--json', 'print the report as one line of JSON', false)
    .action((ftRunOptions: string[], flags: Flags) => drill(mode, flags, ftRunOptions))
}

function number(flags: string, description: string, parse: (value: string) => number): Option {
  return new Option(flags, description).argParser(parse)
}

async function drill(mode: Mode | typeof KILL_IN_TURN, flags: Flags, ftRunOptions: readonly string[]): Promise<void> {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interruption.abort(new Error(`stopped by ${signal}`)))
  }
  const { rounds, clients, pipeline, seconds, seed = Math.floor(Math.random() * 2 ** 31) } = flags
  const options: InTurnOptions = {
    rounds, clients, pipeline, seed, rateMax: flags.rate, rateMin: flags.minRate, secondsPerRound: seconds,
    signal: interruption.signal, onRound: (round, result) => tellRound(round, rounds, seed, result),
  }
  process.stderr.write(`ft-drill ${mode}: ${rounds} rounds, ${clients} clients, seed ${seed}\n`)
  try {
    const ftRunFlags = [...pairEngineFlags(flags), ...ftRunOptions]
    const command = [process.execPath, ftRun()]
    const tally = mode === KILL_IN_TURN
      ? await runInTurn(options, startInTurn(command, ftRunFlags))
      : await runDrill({ ...options, mode }, FAULTS[mode].startPair(command, ftRunFlags))
    process.stdout.write(flags.json ? `${JSON.stringify(tally.report())}\n` : tally.table())
    process.exitCode = tally.passed ? 0 : FAILED
  } catch (error) {
    process.stderr.write(`ft-drill: ${(error as Error).message}\n`)
    process.exitCode = interruption.signal.aborted ? INTERRUPTED : FAILED
  }
}

/** ft-run beside this command, started the same way. */
function ftRun(): string {
  return realpathSync(process.argv[1] as string).replace(/ft-drill(\.[jt]s)$/, 'ft-run$1')
}

/** One line that the next round overwrites on a terminal; complaints stay. */
function tellRound(round: number, rounds: number, seed: number, result: RoundResult): void {
  const { isTTY } = process.stderr
  const outage = Math.max(0, ...result.outagesMs)
  const calls = `${result.operations} calls, ${Math.round(result.rate)}/s before the fault`
  const line = `round ${round}/${rounds}: ${calls}, longest outage ${outage.toFixed(1)} ms`
  const isLast = round === rounds || result.complaints.length > 0
  process.stderr.write(isTTY ? `\r\x1b[K${line}${isLast ? '\n' : ''}` : `${line}\n`)
  for (const complaint of result.complaints.slice(0, COMPLAINTS_TOLD)) {
    process.stderr.write(`  FAILED (--seed ${seed + round - 1}): ${complaint}\n`)
  }
}

await program.parseAsync()
