/** One replica on a host of its own: the real core and machine, on a clock that the test moves. */
import { crc32 } from 'node:zlib'
import type { Command, ReplicaEvent, Report } from '../../hypervisor/ft/events.ts'
import { Replica } from '../../hypervisor/ft/replica.ts'
import type { ReplicaConfig } from '../../hypervisor/ft/replica-config.ts'
import type { World } from '../../hypervisor/ft/world.ts'
import { Machine } from '../../hypervisor/machine/machine.ts'
import { createV8Engine } from '../../hypervisor/v8/engine.ts'
import type { ToSwitch } from '../../hypervisor/switch/messages.ts'

const memoryPagesMaxDefault = 16

export type HostSetting = Omit<ReplicaConfig, 'runtime' | 'unprotected' | 'heartbeatsMissedMax' | 'image' | 'vm'>

/** A world whose every value differs from host to host, so that nothing can be equal by chance. */
class HostWorld implements World {
  nowMs = 0
  /** What a slice of guest code takes of this host's time. */
  usPerSlice = 0
  #us = 0
  #drawn: number
  readonly #seed: number

  constructor(seed: number) {
    this.#seed = this.#drawn = seed
  }

  wallUs(): number {
    return 1_700_000_000_000_000 + this.#seed * 7_000_000 + this.monotonicUs()
  }

  monotonicUs(): number {
    return this.#seed * 1_000_000 + this.nowMs * 1000 + this.#us
  }

  entropy(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => (this.#drawn = (this.#drawn * 1103515245 + 12345) & 0x7fffffff) >> 16)
  }

  sliceDone(): void {
    this.#us += this.usPerSlice
  }
}

export class FakeHost {
  readonly replica: Replica
  readonly machine: Machine
  readonly world: HostWorld
  /** How often it has put a test-and-set. */
  asked = 0
  readonly reports: Report[] = []
  /** Every command, in order. */
  readonly commands: Command[] = []
  readonly toSwitch: ToSwitch[] = []
  /** Events that wait for this host. */
  inbox: ReplicaEvent[] = []
  halted: { code: number; reason: string } | undefined
  /** Killed: it does nothing any more. */
  dead = false
  /** Stopped as by SIGSTOP: events wait. */
  stopped = false
  /** Guest code is not run; everything else goes on. */
  runsHeld = false
  /** Outputs vanish on their way to the switch. */
  outputsLost = false
  /** How slow this host is: it runs a slice only every so many turns. */
  turnsPerSlice = 1
  #turns = 0
  #run: (() => void) | undefined
  #running = false

  /** @param seed makes this host's clocks and random numbers its own */
  constructor(image: Uint8Array, setting: HostSetting, seed: number, memoryPagesMax = memoryPagesMaxDefault) {
    this.world = new HostWorld(seed)
    let machine: Machine | undefined
    const config = { ...setting, vm: 'vm', image: 'probe', runtime: 'test', unprotected: false, heartbeatsMissedMax: 3 }
    this.replica = new Replica(config, this.world, crc32, (outside) => {
      machine = new Machine((calls) => createV8Engine(image, calls, { memoryPagesMax }), [], outside)
      return machine
    })
    this.machine = machine!
    this.replica.quantumTicks = 1000
  }

  get active(): boolean {
    return !this.dead && !this.stopped && this.halted === undefined
  }

  /** A hash over the whole machine. */
  get hash(): number {
    return this.machine.stateHash(0, this.machine.memoryPages)
  }

  has(event: Report['event']): boolean {
    return this.reports.some((report) => report.event === event)
  }

  /** Takes the oldest event. @returns what the core wants done, which the pair carries out; undefined if there is none */
  step(): readonly Command[] | undefined {
    if (!this.active) return undefined
    const event = this.inbox.shift()
    if (event === undefined) return undefined
    const commands = this.replica.step(event, this.world.nowMs)
    this.commands.push(...commands)
    return commands
  }

  /** Prepares a run; `runSlice` does it. */
  ask(untilTick: number): void {
    this.#run = () => {
      this.#running = true
      this.machine.run(untilTick, (stop) => {
        this.#running = false
        this.world.sliceDone()
        this.inbox.push({ kind: 'stopped', stop })
      })
    }
  }

  /** @returns false if there is nothing to run, or it may not */
  async runSlice(): Promise<boolean> {
    const run = this.#run
    if (run === undefined || !this.active || this.runsHeld) return false
    if (++this.#turns % this.turnsPerSlice !== 0) return true
    this.#run = undefined
    run()
    while (this.#running) await new Promise((resolve) => setImmediate(resolve))
    return true
  }
}
