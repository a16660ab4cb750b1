import type { Stop } from '../../hypervisor/machine/engine.ts'
import { type DeviceEvent, Machine } from '../../hypervisor/machine/machine.ts'
import { Kind } from '../../logging-channel/entries.ts'
import type { EngineMaker } from './engine-makers.ts'
import { TapeOutside } from './tape-outside.ts'

export type TapeGuest = {
  readonly bytes: Uint8Array
  readonly args: readonly string[]
  readonly memoryPagesMax: number
}

/** What happens at once: entries, or every armed timer expiring. */
export type TapeStep = readonly DeviceEvent[] | 'timers'

/** What can be seen of a machine after a step. */
export type Sight = { readonly ticks: number; readonly hash: number; readonly outputs: readonly string[]; readonly end?: Stop }

const QUANTUM_TICKS = 20_000

/** Stops on the way that nothing may come of. */
export interface SilentStops {
  /** The tick to stop at next, given where the machine is; none if that is at `sliceEnd` (see `at`) or behind it. */
  next(ticks: number, sliceEnd: number): number
  /** Called at each such stop. `sliceEnd` is the tick where the machine would look for due interrupts next. */
  at(machine: Machine, sliceEnd: number): void
}

/** A whole machine on an engine, driven by a tape: steps that are delivered while it is idle. */
export class TapeMachine {
  readonly machine: Machine
  readonly outside: TapeOutside
  readonly #stops: SilentStops | undefined
  #reject: (error: unknown) => void = () => {}

  constructor(guest: TapeGuest, maker: EngineMaker, outside = new TapeOutside(), stops?: SilentStops) {
    this.outside = outside
    this.#stops = stops
    const { bytes, args, memoryPagesMax } = guest
    this.machine = new Machine((calls) => maker(bytes, calls, { memoryPagesMax }, (error) => this.#reject(error)), args, outside)
  }

  async boot(): Promise<Sight> {
    this.machine.boot()
    return await this.#settle()
  }

  async step(step: TapeStep): Promise<Sight> {
    const events = step === 'timers' ? [...this.outside.armed].map((timer) => ({ kind: Kind.timer, timer })) : step
    for (const event of events) {
      if (event.kind === Kind.timer) this.outside.armed.delete(event.timer)
      this.machine.inject(event)
    }
    return await this.#settle()
  }

  /** Goes on in a step in which a snapshot was taken, after `machine.restore`; `sliceEnd` is what `SilentStops.at` said. */
  async resume(sliceEnd: number): Promise<Sight> {
    return await this.#settle(await this.#run(sliceEnd))
  }

  /** Runs until the guest rests and nothing is due; interrupts go in where a slice of ticks ends. */
  async #settle(stop?: Stop): Promise<Sight> {
    const { machine } = this
    while (!machine.ended) {
      const causes = machine.dueCauses()
      if (causes !== 0) machine.interrupt(causes)
      else if (machine.idle) break
      stop = await this.#run()
    }
    const { ticks } = machine
    const sight = { ticks, hash: machine.stateHash(0, machine.memoryPages), outputs: this.outside.take() }
    return machine.ended ? { ...sight, end: stop! } : sight
  }

  async #run(sliceEnd = this.machine.ticks + QUANTUM_TICKS): Promise<Stop> {
    const { machine } = this
    for (;;) {
      const stop = await this.#runUntil(Math.min(sliceEnd, this.#stops?.next(machine.ticks, sliceEnd) ?? sliceEnd))
      if (stop.kind !== 'tick' || machine.ticks === sliceEnd) return stop
      this.#stops?.at(machine, sliceEnd)
    }
  }

  #runUntil(tick: number): Promise<Stop> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      this.machine.run(tick, resolve)
    })
  }
}
