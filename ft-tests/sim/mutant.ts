/** A defect planted from outside, so that the checkers are known to bite: it alters what passes, never the cores. */
import type { Command } from '../../hypervisor/ft/events.ts'
import type { LockstepLimits } from '../../hypervisor/ft/lockstep.ts'
import type { ToSwitch } from '../../hypervisor/switch/messages.ts'
import type { SwitchCore } from '../../hypervisor/switch/switch-core.ts'
import type { Checksum } from '../../logging-channel/crc32.ts'
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import type { Verdict } from '../../shared-disk/arbiter.ts'
import type { SimReplica } from './sim-replica.ts'

export type Mutant = {
  /** Instead of the limits that the options say. */
  readonly limits?: Partial<LockstepLimits>
  /** The checksum of the logging channel, on both sides. */
  readonly checksum?: Checksum
  /** The commands that are carried out instead. */
  readonly commands?: (replica: SimReplica, commands: readonly Command[]) => readonly Command[]
  /** The messages that the core gets instead of one read from the channel. */
  readonly received?: (replica: SimReplica, message: ChannelMessage) => readonly ChannelMessage[]
  readonly toSwitch?: (core: SwitchCore, message: ToSwitch) => ToSwitch
  readonly untilTick?: (replica: SimReplica, untilTick: number) => number
  /** An answer made up without the arbiter. */
  readonly verdict?: (replica: SimReplica, fromTerm: number) => Verdict | undefined
  /** The arbiter's answer as the replica takes it. */
  readonly answer?: (replica: SimReplica, verdict: Verdict) => Verdict
}
