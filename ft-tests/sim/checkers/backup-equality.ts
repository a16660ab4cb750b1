/** At the same point of the log a backup is its primary, bit for bit, over the whole memory (P2.1-1), from its first rest on. */
import { crc32 } from 'node:zlib'
import type { Machine } from '../../../hypervisor/machine/machine.ts'
import { Checker } from '../checker.ts'
import type { Ledger } from '../ledger.ts'
import type { SimReplica } from '../sim-replica.ts'
import type { Simulation } from '../simulation.ts'

/** Hashing all of memory costs; every so many rests is enough to find the first difference soon. */
const every = 10
/** So many rests behind a snapshot are all compared. */
const fresh = 3

type State = { readonly ticks: number; readonly hash: number }

export class BackupEquality extends Checker {
  readonly name = 'BackupEquality'
  readonly #sim: Simulation
  readonly #ledger: Ledger
  /** Of every replica that is or was live, by the number of the rest. */
  readonly #states = new Map<string, Map<number, State>>()

  constructor(sim: Simulation, ledger: Ledger) {
    super()
    this.#sim = sim
    this.#ledger = ledger
  }

  override onRest(replica: SimReplica, count: number): void {
    const { progress, copied } = this.#ledger.of(replica)
    const base = copied?.rests ?? 0
    if (replica.core.role === 'primary' || count > base + progress) return this.#note(replica, count)
    // A backup: what lies behind the last progress received would be history of its own.
    if (replica.follows === undefined) return
    const theirs = this.#states.get(replica.follows.name)?.get(count)
    if (theirs === undefined) return
    const mine = stateOf(replica.machine)
    if ((mine.ticks === theirs.ticks && mine.hash === theirs.hash) || this.#sim.spoilt === replica) return
    const was = `${replica.follows.name} was at tick ${theirs.ticks}, hash ${theirs.hash}`
    this.fail(`rest ${count}: ${replica.name} is at tick ${mine.ticks}, hash ${mine.hash}; ${was}`)
  }

  #note(replica: SimReplica, count: number): void {
    const isFresh = replica.copied !== undefined && count - replica.copied.rests <= fresh
    if (count % every !== 1 && !isFresh) return
    let states = this.#states.get(replica.name)
    if (states === undefined) this.#states.set(replica.name, (states = new Map()))
    states.set(count, stateOf(replica.machine))
  }
}

function stateOf(machine: Machine): State {
  return { ticks: machine.ticks, hash: crc32(machine.engine.memory(), machine.stateHash(0, 0)) }
}
