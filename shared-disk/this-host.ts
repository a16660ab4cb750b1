/** Processes of this host, as far as their numbers say anything. */
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Where a process id means one process: containers of one host have a numbering each. */
export type ProcessPlace = { readonly host: string; readonly numbering: string }

export function processPlace(): ProcessPlace {
  return { host: hostname(), numbering: numbering() }
}

function numbering(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return '' // Not Linux: one for the whole host.
  }
}

/** Whether `pid` of that place is known to have ended; false for what can't be known from here. */
export function isGone(pid: number, { host, numbering }: ProcessPlace): boolean {
  const here = processPlace()
  if (!Number.isInteger(pid) || pid <= 0 || host !== here.host || numbering !== here.numbering) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    // Not permitted: somebody else has the number now, or had it all along.
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
