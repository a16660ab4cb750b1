/** A core with its machine and its world, as the options want them. */
import { crc32 } from 'node:zlib'
import { Replica } from '../../hypervisor/ft/replica.ts'
import type { ReplicaConfig } from '../../hypervisor/ft/replica-config.ts'
import type { World } from '../../hypervisor/ft/world.ts'
import type { Outside } from '../../hypervisor/devices/device.ts'
import type { Engine, HostCalls } from '../../hypervisor/machine/engine.ts'
import { Machine } from '../../hypervisor/machine/machine.ts'
import { guestPages, guestProgram } from './guest.ts'
import type { Rng } from './rng.ts'
import { ScriptedEngine } from './scripted-engine.ts'
import type { Simulation } from './simulation.ts'

/** What the guest may grow by. */
const pagesToGrow = 2
/** What makes one replica process another than the next. */
export type ReplicaTraits = {
  /** Unique to the process. */
  readonly name: string
  readonly role: 'primary' | 'backup'
  /** What its host's own monotonic clock showed when the simulation began, in milliseconds. */
  readonly hostClockMs: number
  readonly wallSkewUs: number
  /** It computes so many times slower. */
  readonly slowness: number
  readonly quantumTicks: number
}

export type Built = { readonly core: Replica; readonly machine: Machine }

export type Hooks = {
  /** How far this host's wall clock is off, at any moment. */
  readonly wallOffsetUs: () => number
  /** The machine makes an output. */
  readonly onOutput: () => void
  /** The engine is copied. */
  readonly onSnapshot: () => void
}

const pagesPerMiB = 16

export function buildReplica(sim: Simulation, traits: ReplicaTraits, hooks: Hooks): Built {
  const { options } = sim
  const config: ReplicaConfig = {
    role: traits.role, vm: sim.vm, replica: traits.name, runtime: 'sim', unprotected: false,
    image: 'image', lagMsMax: options.lagMsMax, copyMsPerMiB: options.copyMs * pagesPerMiB,
    heartbeatIntervalMs: options.heartbeatIntervalMs, heartbeatsMissedMax: options.heartbeatsMissedMax,
    windowBytesMax: options.windowBytesMax, windowEntriesMax: options.windowEntriesMax,
    stateHashIntervalMs: options.stateHashIntervalMs, ...sim.mutant.limits
  }
  const entropy = sim.rng.fork()
  const world: World = {
    wallUs: () => 1.7e15 + Math.floor(sim.nowMs * 1000) + hooks.wallOffsetUs(),
    monotonicUs: () => Math.floor((sim.nowMs + traits.hostClockMs) * 1000),
    entropy: (length) => randomBytes(entropy, length)
  }
  const pages = guestPages(options.muchEntropyChance > 0)
  const program = guestProgram(options.preemptive, !options.wallJumps)
  let machine: Machine | undefined
  const core = new Replica(config, world, crc32, (outside) => {
    const engine = (calls: HostCalls): Engine => new ScriptedEngine(calls, pages, pages + pagesToGrow, program, hooks.onSnapshot)
    machine = new Machine(engine, [], counted(outside, hooks.onOutput))
    return machine
  })
  core.quantumTicks = traits.quantumTicks
  return { core, machine: machine! }
}

function counted(outside: Outside, onOutput: () => void): Outside {
  return {
    readClock: (clock) => outside.readClock(clock),
    drawEntropy: (length) => outside.drawEntropy(length),
    armTimer: (timer, delayUs) => outside.armTimer(timer, delayUs),
    disarmTimer: (timer) => outside.disarmTimer(timer),
    emit: (output) => {
      onOutput()
      outside.emit(output)
    }
  }
}

/** The first bytes are as random as any; of many, the rest repeats one, for speed. */
function randomBytes(rng: Rng, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(rng.word() & 0xff)
  for (let i = 0; i < Math.min(length, 64); i++) bytes[i] = rng.word()
  return bytes
}
