/** Options that a pair and a single replica share. */
import { type Command, Option } from 'commander'
import type { ReplicaTuning } from '../host/replica-process.ts'
import { UsageError } from '../host/usage-error.ts'
import { numberFrom, parsePages } from './option-values.ts'

export type TuningFlags = {
  readonly memoryMax: number
  readonly heartbeat: number
  readonly heartbeatsMissed: number
  readonly quantum: number
  readonly window: number
  readonly stateHash: number
  readonly lag: number
}

const defaultMemoryPages = 16384

export function addTuning(command: Command): Command {
  return command
    .addOption(new Option('--memory-max <size>', 'most memory the guest may have')
      .argParser(parsePages).default(defaultMemoryPages, '1GiB'))
    .addOption(new Option('--heartbeat <ms>', 'time between heartbeats').argParser(numberFrom(5, 60_000)).default(50))
    .addOption(new Option('--heartbeats-missed <n>', 'silence of so many heartbeats is a suspicion')
      .argParser(numberFrom(1, 1000)).default(3))
    .addOption(new Option('--quantum <ms>', 'longest run of the guest between two looks at the network')
      .argParser(numberFrom(0.1, 1000)).default(1))
    .addOption(new Option('--window <MiB>', 'log entries in flight before the primary takes no more input')
      .argParser(numberFrom(1, 1024)).default(32))
    .addOption(new Option('--state-hash <ms>', 'time between checks that both replicas are equal')
      .argParser(numberFrom(1, 3_600_000)).default(100))
    .addOption(new Option('--lag <ms>', 'execution lag of the backup above which the primary is slowed')
      .argParser(numberFrom(1, 3_600_000)).default(200))
}

/** @throws UsageError if a single run of the guest could be taken for the silence of a dead replica */
export function checkTuning(flags: TuningFlags): void {
  if (flags.quantum > flags.heartbeat / 2) {
    throw new UsageError(`--quantum ${flags.quantum} is too long for --heartbeat ${flags.heartbeat}: it may be at most half of it`)
  }
}

export function tuningOf(flags: TuningFlags): ReplicaTuning {
  return {
    memoryPagesMax: flags.memoryMax, heartbeatIntervalMs: flags.heartbeat, heartbeatsMissedMax: flags.heartbeatsMissed,
    quantumMs: flags.quantum, windowBytesMax: flags.window * 2 ** 20, stateHashIntervalMs: flags.stateHash, lagMsMax: flags.lag
  }
}

/** The same flags as a command line, for a replica process. */
export function tuningFlags(flags: TuningFlags): readonly string[] {
  return [
    '--memory-max', `${flags.memoryMax * 64}KiB`, '--heartbeat', `${flags.heartbeat}`, '--heartbeats-missed', `${flags.heartbeatsMissed}`,
    '--quantum', `${flags.quantum}`, '--window', `${flags.window}`, '--state-hash', `${flags.stateHash}`,
    '--lag', `${flags.lag}`
  ]
}
