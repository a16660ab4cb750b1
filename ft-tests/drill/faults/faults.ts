/** All faults, by the name of the drill's mode. */
import type { Fault } from './fault.ts'
import { partition } from './partition.ts'
import { killBackup, killPrimary, pausePrimary } from './replica-faults.ts'
import { arbiterDown, clockJump, corruptChannel, slowBackup } from './surroundings-faults.ts'

export const MODES = [
  'kill-primary', 'kill-backup', 'pause-primary', 'slow-backup', 'arbiter-down', 'corrupt-channel', 'clock-jump', 'partition'
] as const
export type Mode = (typeof MODES)[number]

export const FAULTS: Readonly<Record<Mode, Fault>> = {
  'kill-primary': killPrimary, 'kill-backup': killBackup, 'pause-primary': pausePrimary,
  'slow-backup': slowBackup, 'arbiter-down': arbiterDown, 'corrupt-channel': corruptChannel, 'clock-jump': clockJump, partition
}
