import type { Engine, EngineLimits, HostCalls, Stop } from '../../hypervisor/machine/engine.ts'
import { Rng } from '../sim/rng.ts'
import { fuzzHost } from './fuzz-host.ts'
import { describeState, describeStop } from './outcome.ts'
import type { Outcome } from './outcome.ts'

/** Makes an engine; `onHalt` takes what is no guest's trap. */
export type MakeEngine = (bytes: Uint8Array, calls: HostCalls, limits: EngineLimits, onHalt: (error: unknown) => void) => Engine

export interface Scenario {
  /** Everything that happens follows from it. */
  readonly seed: number
  /**
   * Stop at random ticks on the way: silently (which must change nothing), to look at the state, or to deliver interrupts
   * at some of the stops as well.
   */
  readonly stops: 'none' | 'silent' | 'told' | 'interrupts'
  /** Functions that an interrupt chooses from. */
  readonly targets: number
  /** Interrupts between events, after `ft_start`. */
  readonly events: number
  /** An entry that has counted so many ticks is cut there: random programs need not end. */
  readonly ticksMax: number
}

export interface ScenarioResult {
  readonly outcome: Outcome
  readonly ticks: number
}

export const MEMORY_PAGES_MAX = 6
/** How the line of an outcome begins that no guest can cause. */
export const ENGINE_FAILED = 'engine failed'
/** A guest that trapped is over; the events left go to a new one, so many times. */
const LIVES = 3

/** Runs a guest through a scenario. What it shows depends on nothing but its arguments, if the engine is right. */
export async function runScenario(make: MakeEngine, bytes: Uint8Array, scenario: Scenario): Promise<ScenarioResult> {
  const outcome: Outcome = []
  const rng = new Rng(scenario.seed)
  const events = Array.from({ length: scenario.events }, () => randomCauses(rng, scenario.targets))
  let ticks = 0
  for (let life = 0; life < LIVES && (life === 0 || events.length > 0); life++) {
    outcome.push(`life ${life}`)
    const fork = rng.fork()
    try {
      const run = new ScenarioRun(make, bytes, scenario, fork, outcome)
      let on = await run.entry('ft_start', 0)
      while (on && events.length > 0) on = await run.entry('ft_interrupt', events.shift() as number)
      ticks += run.engine.ticks
    } catch (error) {
      outcome.push(engineFailed(error))
      break
    }
  }
  return { outcome, ticks }
}

/** No guest can do this to an engine: a halt, or an exception of its own. */
function engineFailed(error: unknown): string {
  const { message, cause, stack } = error as Error
  const why = cause instanceof Error ? ` (${cause.message})` : ''
  return `${ENGINE_FAILED}: ${message}${why} ${stack?.split('\n')[1]?.trim() ?? ''}`
}

const randomCauses = (rng: Rng, targets: number): number => rng.integer(0, Math.max(targets - 1, 0)) | (rng.integer(0, 255) << 8)

class ScenarioRun {
  readonly engine: Engine
  private readonly scenario: Scenario
  private readonly rng: Rng
  private readonly outcome: Outcome
  private reject: (error: unknown) => void = () => undefined

  constructor(make: MakeEngine, bytes: Uint8Array, scenario: Scenario, rng: Rng, outcome: Outcome) {
    this.scenario = scenario
    this.rng = rng
    this.outcome = outcome
    const calls = fuzzHost(rng.word(), outcome, () => this.engine)
    this.engine = make(bytes, calls, { memoryPagesMax: MEMORY_PAGES_MAX }, error => this.reject(error))
  }

  /** Runs an entry to its end. False if the guest can't go on. */
  async entry(entry: 'ft_start' | 'ft_interrupt', argument: number): Promise<boolean> {
    const { engine, rng, scenario } = this
    const limit = engine.ticks + scenario.ticksMax
    this.outcome.push(`${entry}(${argument})`)
    engine.enter(entry, argument)
    for (;;) {
      const stop = await this.run(scenario.stops === 'none' ? limit : Math.min(limit, engine.ticks + randomDistance(rng)))
      const cut = stop.kind === 'tick' && engine.ticks === limit
      if (stop.kind !== 'tick' || cut || scenario.stops !== 'silent') this.tell(stop)
      if (stop.kind !== 'tick' || cut) return stop.kind === 'idle'
      if (scenario.stops === 'interrupts' && engine.nesting === 1 && rng.chance(0.3)) {
        const causes = randomCauses(rng, scenario.targets)
        this.outcome.push(`interrupted by ${causes}`)
        engine.enter('ft_interrupt', causes)
      }
    }
  }

  private run(untilTick: number): Promise<Stop> {
    return new Promise((resolve, reject) => {
      this.reject = reject
      this.engine.run(untilTick, resolve)
    })
  }

  private tell(stop: Stop): void {
    const { engine } = this
    this.outcome.push(`${describeStop(stop)} at tick ${engine.ticks}, nesting ${engine.nesting}, ${describeState(engine)}`)
  }
}

function randomDistance(rng: Rng): number {
  const kind = rng.integer(0, 9)
  return kind < 2 ? 1 : kind < 5 ? rng.integer(1, 8) : kind < 8 ? rng.integer(1, 100) : rng.integer(1, 4000)
}
