/** One point: a machine under load, the death of one replica at one place, what must follow, and what the clients saw. */
import { checkRound, type Findings } from '../drill/checks.ts'
import { Load } from '../drill/load.ts'
import { Workload, WORKLOAD } from '../drill/workload.ts'
import { ExitCode } from '../../hypervisor/ft/exit-codes.ts'
import type { PreparedGuest } from '../../hypervisor/v8/prepare.ts'
import { seededRandom } from '../linearizability/simulated-history.ts'
import type { CrashReplica } from './crash-replica.ts'
import { CrashWorld, Stuck } from './crash-world.ts'

/**
 * Who dies, and when places count. `primary`, `backup`: while a pair runs. `newcomer`, `donor`: while the machine is alone and a new
 * backup takes its state; the one that takes it, or the one that gives it.
 */
export const SCENARIOS = ['primary', 'backup', 'newcomer', 'donor'] as const
export type Scenario = (typeof SCENARIOS)[number]

export type Point = Findings & {
  /** False: the run was over before the replica came to this place, so there are no more. */
  readonly reached: boolean
  readonly diedAt: string | undefined
  /** Entries of the log when it was over. */
  readonly entries: number
  readonly divergences: number
  readonly brokenConnections: number
  /** The last whole replica died before the other one was complete: nobody may serve, and nobody did. */
  readonly unavailable: boolean
  readonly stuck: string | undefined
}

export type PointOptions = {
  readonly guest: PreparedGuest
  readonly scenario: Scenario
  readonly place: number
  readonly entriesMin: number
}

const LOAD = { clients: 4, pipeline: 4, rateMax: 0 }
const DRAIN_MS = 10_000
/** A few more rounds of calls once all has happened. */
const AFTERMATH_CALLS = 100
const ATTEMPTS_MAX = 20
/** A test-and-set takes its time, and a primary that asks for one takes no backup. */
const ATTEMPT_EVERY_MS = 25

export async function runPoint(options: PointOptions): Promise<Point> {
  const world = await CrashWorld.open(options.guest)
  const load = new Load(LOAD, new Workload(WORKLOAD, seededRandom(options.place)))
  try {
    return await new Run(options, world, load).run()
  } finally {
    load.destroy()
    await world.close()
  }
}

class Run {
  readonly #options: PointOptions
  readonly #world: CrashWorld
  readonly #load: Load
  #victim: CrashReplica | undefined
  #reached = false
  #unavailable = false

  constructor(options: PointOptions, world: CrashWorld, load: Load) {
    this.#options = options
    this.#world = world
    this.#load = load
  }

  async run(): Promise<Point> {
    try {
      await this.#happen()
      if (this.#unavailable || !this.#reached) return this.#point(false, undefined)
      await this.#calls(AFTERMATH_CALLS)
      if (!(await this.#load.drain(DRAIN_MS))) throw new Stuck('the last calls were not answered')
      if (!(await this.#load.readAll(DRAIN_MS))) throw new Stuck('the final values were not told')
      return this.#point(true, undefined)
    } catch (error) {
      if (!(error instanceof Stuck)) throw error
      return this.#point(false, error.message)
    }
  }

  async #happen(): Promise<void> {
    const world = this.#world
    const primary = await world.add()
    await world.until(() => primary.saw('waiting'), 'the first term')
    const backup = await world.add(primary)
    await world.until(() => primary.saw('protected') && backup.saw('protected'), 'a pair')
    await this.#load.start(world.clients)
    const { scenario } = this.#options
    if (scenario === 'primary' || scenario === 'backup') return await this.#pairLoses(primary, backup, scenario)
    backup.kill()
    await world.until(() => primary.saw('alone'), 'a primary alone')
    await this.#joiningLoses(primary, scenario)
  }

  async #pairLoses(primary: CrashReplica, backup: CrashReplica, who: 'primary' | 'backup'): Promise<void> {
    const [victim, survivor] = who === 'primary' ? [primary, backup] : [backup, primary]
    this.#arm(victim)
    if (!(await this.#dies(victim, () => primary.core.status().lastSeq >= this.#options.entriesMin))) return
    await this.#world.until(() => survivor.saw(who === 'primary' ? 'live' : 'alone'), 'a survivor that goes on')
    await this.#loseOnceMore(survivor)
  }

  async #joiningLoses(primary: CrashReplica, who: 'newcomer' | 'donor'): Promise<void> {
    const world = this.#world
    const before = primary.reports.length
    if (who === 'donor') this.#arm(primary)
    const newcomer = await world.add(primary)
    if (who === 'newcomer') this.#arm(newcomer)
    const victim = who === 'donor' ? primary : newcomer
    const isOver = (): boolean => newcomer.saw('protected') && primary.reports.slice(before).some(({ event }) => event === 'protected')
    if (!(await this.#dies(victim, isOver))) return
    if (who === 'newcomer') return await this.#loseOnceMore(primary)
    await world.until(() => newcomer.saw('live') || newcomer.halted !== undefined, 'an end of the newcomer, or its going live')
    this.#unavailable = !newcomer.saw('live')
    const { code, reason } = newcomer.halted ?? { code: ExitCode.ok, reason: '' }
    if (newcomer.saw('receiving') && this.#unavailable && code !== ExitCode.incomplete) throw new Stuck(`the newcomer halted: ${reason}`)
  }

  /** A new backup joins the survivor; the survivor dies; the new one must go live. */
  async #loseOnceMore(survivor: CrashReplica): Promise<void> {
    const next = await this.#protect(survivor)
    await this.#calls(LOAD.clients * LOAD.pipeline)
    survivor.kill()
    await this.#world.until(() => next.saw('live'), 'the second survivor')
  }

  /** Starts backups, as a supervisor does, until one protects: a primary that has not yet noticed its loss takes none. */
  async #protect(survivor: CrashReplica): Promise<CrashReplica> {
    const world = this.#world
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const before = survivor.reports.length
      const next = await world.add(survivor)
      const isPaired = (): boolean => next.saw('protected') && survivor.reports.slice(before).some(({ event }) => event === 'protected')
      await world.until(() => isPaired() || next.halted !== undefined, 'protection again')
      if (next.halted === undefined) return next
      await pause(ATTEMPT_EVERY_MS)
    }
    throw new Stuck(`no new backup in ${ATTEMPTS_MAX} attempts`)
  }

  #arm(victim: CrashReplica): void {
    this.#victim = victim
    victim.gate.arm(this.#options.place)
  }

  /** True once it died; false if `isOver` came first. */
  async #dies(victim: CrashReplica, isOver: () => boolean): Promise<boolean> {
    while (!victim.gate.isDead && !isOver()) await turn()
    this.#reached = victim.gate.isDead
    return this.#reached
  }

  async #calls(count: number): Promise<void> {
    const until = this.#load.replies + count
    const deadline = performance.now() + DRAIN_MS
    while (this.#load.replies < until) {
      if (performance.now() > deadline) throw new Stuck('calls are not answered')
      await turn()
    }
  }

  #point(finals: boolean, stuck: string | undefined): Point {
    const replicas = this.#world.replicas
    const broken = this.#unavailable ? [] : this.#load.clients.filter((client) => client.broken !== null)
    return {
      ...checkRound(this.#load.history, finals), reached: this.#reached, diedAt: this.#victim?.gate.diedAt,
      entries: Math.max(...replicas.map((replica) => replica.core.status().lastSeq)),
      divergences: replicas.filter((replica) => replica.saw('divergence')).length,
      brokenConnections: broken.length, unavailable: this.#unavailable, stuck
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
