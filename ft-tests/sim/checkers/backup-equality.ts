/** At the same point of the log both machines are the same, bit for bit, over their whole memory (P2.1-1). */
import { crc32 } from 'node:zlib'
import { Kind } from '../../../logging-channel/entries.ts'
import type { LogFrame } from '../../../logging-channel/messages.ts'
import { Checker } from '../checker.ts'
import type { SimReplica } from '../sim-replica.ts'
import type { Simulation } from '../simulation.ts'

/** Hashing all of memory costs; every so many rests is enough to find the first difference soon. */
const every = 10

export class BackupEquality extends Checker {
  readonly name = 'BackupEquality'
  readonly #sim: Simulation
  readonly #primary = new Map<number, { readonly ticks: number; readonly hash: number }>()
  #progressReceived = 0
  compared = 0

  constructor(sim: Simulation) {
    super()
    this.#sim = sim
  }

  override onFrameReceived(_replica: SimReplica, frame: LogFrame): void {
    for (const entry of frame.entries) if (entry.kind === Kind.progress) this.#progressReceived++
  }

  override onRest(replica: SimReplica, count: number): void {
    // Behind the last progress received the backup makes history of its own.
    if (count % every !== 1 || (replica.name === 'backup' && count > this.#progressReceived)) return
    const { machine } = replica
    const mine = { ticks: machine.ticks, hash: crc32(machine.engine.memory(), machine.stateHash(0, 0)) }
    if (replica.name === 'primary') return void this.#primary.set(count, mine)
    const theirs = this.#primary.get(count)!
    this.compared++
    if ((mine.ticks === theirs.ticks && mine.hash === theirs.hash) || this.#sim.isBackupSpoilt) return
    const was = `the primary was at tick ${theirs.ticks}, hash ${theirs.hash}`
    this.fail(`rest ${count}: the backup is at tick ${mine.ticks}, hash ${mine.hash}; ${was}`)
  }
}
