/** One connection of the logging channel between two replica processes, both ways. */
import type { Rng } from './rng.ts'
import { Lane, type LaneDelay } from './lane.ts'
import type { PeerEnd } from './peer-end.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimReplica } from './sim-replica.ts'

export class SimChannel {
  /** From the replica that listens, and from the one that has connected. */
  readonly toBackup: Lane
  readonly toPrimary: Lane
  readonly primary: SimReplica
  readonly backup: SimReplica

  constructor(scheduler: Scheduler, rng: Rng, delay: LaneDelay, primary: SimReplica, backup: SimReplica) {
    this.primary = primary
    this.backup = backup
    backup.follows = primary
    const ofPrimary = primary.peerEnd()
    const ofBackup = backup.peerEnd()
    this.toBackup = laneTo(backup, ofBackup)
    this.toPrimary = laneTo(primary, ofPrimary)
    ofPrimary.out = this.toBackup
    ofBackup.out = this.toPrimary
    primary.connected(ofPrimary)
    backup.connected(ofBackup)

    function laneTo(replica: SimReplica, end: PeerEnd): Lane {
      return new Lane(scheduler, rng.fork(), delay, (arrival) => replica.onChannel(arrival, end))
    }
  }
}
