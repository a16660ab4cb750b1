/** Faults of what surrounds the replicas: arbiter, logging channel, clock, and a processor that is too slow. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isChangeOfRoles, isExitOf, isLive } from '../pair-events.ts'
import { signalIfAlive, type PairHandle } from '../pair.ts'
import { startParts, type PartsOptions, type PartsPair } from '../parts-pair.ts'
import { awaitService } from '../await-service.ts'
import { earlyComplaints, type Fault, pause, REACTION_MS_MAX } from './fault.ts'

type PartsFault = Omit<Fault, 'startPair' | 'bringAbout'> & {
  readonly parts?: Pick<PartsOptions, 'tamper' | 'env'>
  readonly bringAbout: (pair: PartsPair, random: () => number) => ReturnType<Fault['bringAbout']>
}

/** A fault for pairs made of parts: it starts them, and so knows what it gets. */
function partsFault({ description, parts, bringAbout }: PartsFault): Fault {
  return {
    description,
    startPair: (ftRun, flags) => () => startParts({ ...parts, ftRun, flags }),
    bringAbout: (pair, random) => bringAbout(pair as PartsPair, random)
  }
}

const ARBITER_DOWN_MS_MIN = 500
const PULSES = 40
const PULSE_STOPPED_MS = 50
const PULSE_RUNNING_MS = 20
/** What a replica may take on top of its windows when its peer is slow. */
const GROWTH_MIB_MAX = 128
const HOUR_MS = 3_600_000

export const arbiterDown = partsFault({
  description: 'take the arbiter away, SIGKILL the primary: nobody goes live until the arbiter is back',
  bringAbout: async (pair, random) => {
    const complaints = earlyComplaints(pair)
    for (const side of ['primary', 'backup'] as const) pair.reachArbiter(side, false)
    const at = performance.now()
    signalIfAlive(pair.primary.pid, 'SIGKILL')
    if ((await pair.events.find((event) => event.event === 'arbiter-down', REACTION_MS_MAX)) === null) {
      complaints.push('the backup did not say that the arbiter is out of reach')
    }
    await pause(ARBITER_DOWN_MS_MIN + random() * ARBITER_DOWN_MS_MIN)
    if (pair.events.seen.some(isLive)) complaints.push('the backup went live without the arbiter')
    const backAt = performance.now()
    pair.reachArbiter('backup', true)
    if ((await pair.events.find(isLive, REACTION_MS_MAX)) === null) complaints.push('the backup did not go live once the arbiter was back')
    const figures = { arbiterDownMs: Math.round(backAt - at), liveAfterArbiterMs: Math.round(performance.now() - backAt) }
    return { at, complaints, figures }
  }
})

export const corruptChannel = partsFault({
  description: 'damage a byte on the logging channel: it is found, and one replica goes on',
  parts: { tamper: true },
  bringAbout: async (pair, random) => {
    const complaints = earlyComplaints(pair)
    const damage = random()
    let damagedAt = 0
    pair.proxy!.tamper = (bytes) => {
      if (damagedAt > 0) return bytes
      damagedAt = performance.now()
      const at = Math.floor(damage * bytes.length)
      bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(damage * 8))
      return bytes
    }
    if ((await pair.events.find(isChangeOfRoles, REACTION_MS_MAX)) === null) complaints.push('the damage was not found')
    const served = await awaitService(pair.address, REACTION_MS_MAX)
    if (served === null) complaints.push('no service after the damage')
    const live = await oneIsLeft(pair, complaints)
    return { at: damagedAt, complaints, figures: { primaryWentOn: Number(live === 'primary'), backupWentLive: Number(live === 'backup') } }
  }
})

/** Exactly one replica goes on: the other has lost the test-and-set, or halted over the damage. */
async function oneIsLeft(pair: PairHandle, complaints: string[]): Promise<'primary' | 'backup' | undefined> {
  const isEnd = (event: { event: string }): boolean => event.event === 'exit'
  const exit = await pair.events.find(isEnd, REACTION_MS_MAX)
  if (exit === null) {
    complaints.push('both replicas go on')
    return undefined
  }
  const both = (['primary', 'backup'] as const).every((side) => pair.events.seen.some(isExitOf(pair[side].pid)))
  if (both) complaints.push('both replicas ended')
  return exit['role'] === 'primary' ? 'backup' : 'primary'
}

export const clockJump = partsFault({
  description: 'move the replicas\' wall clocks by an hour, forth and back: nothing but the guest\'s clock notices',
  parts: { env: { NODE_OPTIONS: `--import=${fileURLToPath(new URL('./clock-jump-preload.ts', import.meta.url))}` } },
  bringAbout: async (pair, random) => {
    const complaints = earlyComplaints(pair)
    const at = performance.now()
    const before = wallClockOf(pair)
    for (let jump = 0; jump < 4; jump++) {
      // Together or apart: the backup's clock must not matter at all.
      for (const side of ['primary', 'backup'] as const) if (random() < 0.8) signalIfAlive(pair[side].pid, 'SIGUSR2')
      await pause(100 + random() * 200)
    }
    const after = wallClockOf(pair)
    if (pair.events.seen.some(isChangeOfRoles)) complaints.push('the pair changed roles when a clock jumped')
    return { at, complaints, figures: { jumps: after - before } }
  }
})

/** How often replicas' clocks jumped, as they said themselves. */
function wallClockOf(pair: PairHandle): number {
  return pair.events.seen.filter((event) => event.event === 'clock-jump' && Math.abs(Number(event['byMs'])) === HOUR_MS).length
}

export const slowBackup = partsFault({
  description: 'stop and continue the backup many times a second: the primary waits for it, in bounded memory, and nobody suspects',
  bringAbout: async (pair) => {
    const complaints = earlyComplaints(pair)
    const at = performance.now()
    const before = residentMiB(pair)
    for (let pulse = 0; pulse < PULSES; pulse++) {
      signalIfAlive(pair.backup.pid, 'SIGSTOP')
      await pause(PULSE_STOPPED_MS)
      signalIfAlive(pair.backup.pid, 'SIGCONT')
      await pause(PULSE_RUNNING_MS)
    }
    const growthMiB = Math.max(0, Math.round(residentMiB(pair) - before))
    if (growthMiB > GROWTH_MIB_MAX) complaints.push(`the replicas grew by ${growthMiB} MiB while the backup was slow`)
    if (pair.events.seen.some(isChangeOfRoles)) complaints.push('a slow backup was taken for a dead one')
    return { at, complaints, figures: { growthMiB } }
  }
})

/** Both replicas' resident memory (Linux). */
function residentMiB(pair: PairHandle): number {
  const of = (pid: number): number => Number(/VmRSS:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  return of(pair.primary.pid) + of(pair.backup.pid)
}
