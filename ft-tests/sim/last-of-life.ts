/** Where in the commands of a step a process dies. */
import type { Command } from '../../hypervisor/ft/events.ts'

/** In the middle of carrying out so many commands, or of sending a log in several frames: behind the first, before the last. */
export type DieAfter = { readonly commands: number } | 'firstFrame' | 'lastFrame' | undefined

/** Index of the command that is not carried out any more; -1 if this step is survived. */
export function lastOfLife(dieAfter: DieAfter, commands: readonly Command[]): number {
  if (dieAfter === undefined || commands.length < 2) return -1
  if (typeof dieAfter === 'object') return dieAfter.commands
  const frames = [...commands.keys()].filter((i) => isLogFrame(commands[i]!))
  return frames.length < 2 ? -1 : dieAfter === 'firstFrame' ? frames[1]! : frames.at(-1)!
}

function isLogFrame(command: Command): boolean {
  return command.do === 'peer' && command.message.type === 'log'
}
