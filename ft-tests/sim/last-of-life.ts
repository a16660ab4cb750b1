/** Where in the commands of a step a process dies. */
import type { Command } from '../../hypervisor/ft/events.ts'

/** In the middle of carrying out so many commands, or of sending a log in several frames. */
export type DieAfter = { readonly commands: number } | 'firstFrame' | undefined

/** Index of the command that is not carried out any more; -1 if this step is survived. */
export function lastOfLife(dieAfter: DieAfter, commands: readonly Command[]): number {
  if (dieAfter === undefined || commands.length < 2) return -1
  if (dieAfter !== 'firstFrame') return dieAfter.commands
  const frames = [...commands.keys()].filter((i) => isLogFrame(commands[i]!))
  return frames[1] ?? -1
}

function isLogFrame(command: Command): boolean {
  return command.do === 'peer' && command.message.type === 'log'
}
