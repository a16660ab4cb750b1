/** One seed derives every option of a simulated run; all of them are printed with a violation. */
import type { Rng } from './rng.ts'
import { planFaults, planRival, type Fault } from './faults.ts'

export type SimOptions = {
  readonly clients: number
  readonly requestsPerClient: number
  readonly thinkMs: number
  readonly pipeline: number
  /** Which kinds of request the clients mix in. */
  readonly askMask: number
  /** How often a request draws so much that the log of a run needs several frames. */
  readonly muchEntropyChance: number
  readonly bigReplies: boolean
  readonly workMax: number
  readonly preemptive: boolean
  readonly channelDelayMs: number
  readonly switchDelayMs: number
  readonly clientDelayMs: number
  readonly splitChance: number
  readonly heartbeatIntervalMs: number
  readonly heartbeatsMissedMax: number
  readonly windowBytesMax: number
  readonly windowEntriesMax: number
  readonly stateHashIntervalMs: number
  readonly primaryQuantumTicks: number
  readonly backupQuantumTicks: number
  readonly tickUs: number
  /** The backup computes so many times slower. */
  readonly backupSlowness: number
  /** Microseconds since 1970 that the backup's wall clock is ahead (or behind). */
  readonly backupWallSkewUs: number
  readonly arbiterDelayMs: number
  /** The arbiter can't be reached when the primary starts. */
  readonly arbiterDownUntilMs: number
  readonly firstReplyLost: boolean
  /** When a stopped process goes on, its timers come before what its sockets hold (as in Node), or after. */
  readonly timersFirst: boolean
  /** A run's end is told only after what has come meanwhile, as by an engine that suspends. */
  readonly stopsLate: boolean
  /** Hides from a replica what the switch has of its outputs, so that it repeats them and the switch must drop them. */
  readonly hidesDelivered: boolean
  readonly powerOffAtEnd: boolean
  /** The live replica is killed so long after it was told to power off; 0: it is not. */
  readonly killAfterPowerOffMs: number
  /** The operator does not wait for the clients; 0: he does. */
  readonly powerOffAtMs: number
  /** The backup has much to replay yet when the primary says goodbye. */
  readonly isBackupSlowAtPowerOff: boolean
  /** Faults may strike before both replicas have joined: then the start may fail, but nothing else may. */
  readonly startsEarly: boolean
  /** New backups are started by themselves wherever the service is alone. */
  readonly reprotects: boolean
  readonly reprotectEveryMs: number
  /** What a byte on the logging channel adds to its delay. */
  readonly channelByteMs: number
  readonly lagMsMax: number
  /** For so long a primary that copies its machine does nothing else. */
  readonly copyMs: number
  /** Else the guest never sees its wall clock step back. */
  readonly wallJumps: boolean
  readonly faults: readonly Fault[]
}

export function optionsOf(rng: Rng): SimOptions {
  const heartbeatIntervalMs = rng.pick([5, 10, 20, 50])
  const reprotects = rng.chance(0.65)
  const thinkMs = rng.pick(reprotects ? [1, 5, 15] : [0, 1, 5, 15])
  const requestsPerClient = rng.pick(reprotects ? [10, 25, 60] : [5, 10, 25])
  const isTight = rng.chance(0.35)
  // Mostly no replica is suspected for being slow; a few runs keep that too.
  const isCalm = rng.chance(0.85)
  const backupSlowness = rng.pick([1, 1, 1, 3, 10])
  const tickUs = rng.pick([0.2, 1, 4])
  const quantumMax = isCalm ? (heartbeatIntervalMs * 400) / (tickUs * backupSlowness) : Infinity
  const quantum = (): number => Math.max(7, Math.min(rng.pick([7, 50, 300, 5000]), Math.floor(quantumMax)))
  const activeMs = 20 + requestsPerClient * (thinkMs + 2)
  const startsEarly = rng.chance(0.15)
  const planned = planFaults(rng, activeMs, heartbeatIntervalMs, reprotects)
  const hasRival = startsEarly && !planned.some(({ kind }) => kind === 'flipMemory') && rng.chance(0.2)
  const faults = hasRival ? [...planRival(rng, heartbeatIntervalMs), ...planned].sort((a, b) => a.atMs - b.atMs) : planned
  const wantsFrames = faults.some((fault) => fault.kind === 'killBetweenFrames')
  const powerOffAtMs = rng.chance(0.1) ? rng.number(1, activeMs * 1.5) : 0
  const isBackupSlowAtPowerOff = powerOffAtMs > 0 && faults.length < 2 && rng.chance(0.5)
  const isPlodding = !isBackupSlowAtPowerOff && rng.chance(0.06)
  return {
    clients: rng.integer(1, 5), requestsPerClient, thinkMs, pipeline: rng.pick([1, 1, 2, 4]),
    askMask: wantsFrames ? 0x7f : rng.pick([0x3f, 0x3f, 0x1f, 0x0d]), muchEntropyChance: wantsFrames ? 0.1 : 0,
    bigReplies: rng.chance(0.25),
    workMax: rng.pick([5, 60, 600]), preemptive: rng.chance(0.4),
    channelDelayMs: Math.min(rng.pick([0.02, 0.1, 1, 4]), isCalm ? heartbeatIntervalMs / 4 : Infinity),
    switchDelayMs: rng.pick([0.02, 0.1, 1]), clientDelayMs: rng.pick([0.05, 0.5]),
    splitChance: rng.pick([0, 0.1, 0.5]),
    heartbeatIntervalMs, heartbeatsMissedMax: rng.pick([2, 3, 3, 5]),
    windowBytesMax: isTight ? rng.pick([200, 1000, 20_000]) : 1 << 20,
    windowEntriesMax: isTight ? rng.pick([3, 10, 50]) : 100_000,
    stateHashIntervalMs: rng.pick([5, 20, 100]),
    primaryQuantumTicks: quantum(), backupQuantumTicks: quantum(), tickUs, backupSlowness,
    backupWallSkewUs: rng.pick([0, -3_000_000, 3_000_000]),
    arbiterDelayMs: rng.pick([0.5, 3, 30]), arbiterDownUntilMs: rng.chance(0.05) ? rng.number(1, 500) : 0,
    firstReplyLost: rng.chance(0.05),
    timersFirst: rng.chance(0.7), hidesDelivered: rng.chance(0.25), stopsLate: rng.chance(0.2),
    powerOffAtEnd: rng.chance(0.3), killAfterPowerOffMs: rng.chance(0.2) ? rng.number(0.01, 8) : 0,
    powerOffAtMs, isBackupSlowAtPowerOff,
    startsEarly,
    wallJumps: faults.some((fault) => fault.kind === 'wallJump'),
    reprotects, reprotectEveryMs: rng.pick([2, 10, 60]), channelByteMs: rng.pick([0, 0, 1e-5, 1e-4]), lagMsMax: rng.pick([1, 20, 200]),
    copyMs: rng.pick([0, 0, 0, 30, 300]),
    faults, ...(isBackupSlowAtPowerOff ? backlog : isPlodding ? plodding : {})
  }
}

/** Runs that are short for the primary and long for its backup: mostly the backup is in the midst of one, between two slices. */
const plodding = {
  clients: 5, thinkMs: 1, workMax: 600, tickUs: 4, heartbeatIntervalMs: 20, heartbeatsMissedMax: 3, backupSlowness: 10,
  primaryQuantumTicks: 5000, backupQuantumTicks: 50, arbiterDelayMs: 0.5
}

/**
 * So much work in so short runs that a slow backup acknowledges in time and yet is far behind with its replay. Its slices are
 * short, as a host's are that learns how slow it is.
 */
const backlog = {
  clients: 5, thinkMs: 0, pipeline: 4, requestsPerClient: 25, workMax: 60, tickUs: 4, heartbeatIntervalMs: 50, stopsLate: true,
  backupQuantumTicks: 7
}
