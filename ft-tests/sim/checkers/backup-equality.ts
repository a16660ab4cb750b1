/** At the same point of the log a backup is its primary, bit for bit, over the whole memory (P2.1-1), from the end of its first run on. */
import { crc32 } from 'node:zlib'
import type { Machine } from '../../../hypervisor/machine/machine.ts'
import { Checker } from '../checker.ts'
import type { Ledger } from '../ledger.ts'
import type { SimReplica } from '../sim-replica.ts'
import type { Simulation } from '../simulation.ts'

/** Hashing all of memory costs; every so many runs is enough to find the first difference soon. */
const every = 10
/** So many runs behind a snapshot are all compared. */
const fresh = 3

type State = { readonly ticks: number; readonly hash: number }

export class BackupEquality extends Checker {
  readonly name = 'BackupEquality'
  readonly #sim: Simulation
  readonly #ledger: Ledger
  /** Of every replica that is or was live, by the number of the run. */
  readonly #states = new Map<string, Map<number, State>>()

  constructor(sim: Simulation, ledger: Ledger) {
    super()
    this.#sim = sim
    this.#ledger = ledger
  }

  /** After the ledger has noted it. */
  override onRest(replica: SimReplica): void {
    const { runs, runsCopied, isBetweenSlices, isOwnRun } = this.#ledger.of(replica)
    if (isBetweenSlices) return
    if (isOwnRun) return this.#note(replica, runs, runsCopied)
    if (replica.follows === undefined) return
    const theirs = this.#states.get(replica.follows.name)?.get(runs)
    if (theirs === undefined) return
    const mine = stateOf(replica.machine)
    if ((mine.ticks === theirs.ticks && mine.hash === theirs.hash) || this.#sim.spoilt === replica) return
    const was = `${replica.follows.name} was at tick ${theirs.ticks}, hash ${theirs.hash}`
    this.fail(`run ${runs}: ${replica.name} is at tick ${mine.ticks}, hash ${mine.hash}; ${was}`)
  }

  #note(replica: SimReplica, count: number, copied: number | undefined): void {
    const isFresh = copied !== undefined && count - copied <= fresh
    if (count % every !== 1 && !isFresh) return
    let states = this.#states.get(replica.name)
    if (states === undefined) this.#states.set(replica.name, (states = new Map()))
    states.set(count, stateOf(replica.machine))
  }
}

function stateOf(machine: Machine): State {
  return { ticks: machine.ticks, hash: crc32(machine.engine.memory(), machine.stateHash(0, 0)) }
}
