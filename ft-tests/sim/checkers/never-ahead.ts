/** The backup never executes what the log does not say the primary has executed (DESIGN §6). */
import { Kind } from '../../../logging-channel/entries.ts'
import type { LogFrame } from '../../../logging-channel/messages.ts'
import { Checker } from '../checker.ts'
import type { SimReplica } from '../sim-replica.ts'

export class NeverAhead extends Checker {
  readonly name = 'NeverAhead'
  #reachedTick = 0

  override onFrameReceived(_replica: SimReplica, frame: LogFrame): void {
    for (const entry of frame.entries) if (entry.kind === Kind.progress) this.#reachedTick = entry.tick
  }

  override onRest(replica: SimReplica): void {
    const { phase } = replica.core
    if (replica.name !== 'backup' || (phase !== 'replaying' && phase !== 'suspecting' && phase !== 'leaving')) return
    const { ticks } = replica.machine
    if (ticks > this.#reachedTick) {
      this.fail(`the backup is at tick ${ticks}, its log says that the primary reached ${this.#reachedTick}`)
    }
  }
}
