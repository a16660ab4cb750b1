/** What every arbiter checks of a request, and how a record answers it: the same for files, memory and later etcd. */
import type { Verdict } from './arbiter.ts'

export type ArbiterRecord = { readonly term: number; readonly holder: string }

/** The record of a machine that nobody has ever gone live for. */
export const NO_RECORD: ArbiterRecord = { term: 0, holder: '' }

const VM_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
const TERM_MAX = 0xffffffff
const HOLDER_BYTES_MAX = 1000

/** @throws RangeError in one line if the machine's name can't be used */
export function checkVm(vm: string): void {
  if (VM_NAME.test(vm)) return
  const rule = "1 to 100 letters, digits, '.', '_' or '-', the first a letter or digit"
  throw new RangeError(`machine name ${JSON.stringify(vm)}: must be ${rule}`)
}

/** @throws RangeError in one line for a request that no arbiter may grant */
export function checkRequest(vm: string, fromTerm: number, holder: string): void {
  checkVm(vm)
  if (!Number.isInteger(fromTerm) || fromTerm < 0 || fromTerm >= TERM_MAX) {
    throw new RangeError(`term ${fromTerm}: must be an integer from 0 to ${TERM_MAX - 1}`)
  }
  if (holder.length === 0 || holder.length > HOLDER_BYTES_MAX) {
    throw new RangeError(`holder of ${holder.length} characters: must have 1 to ${HOLDER_BYTES_MAX}`)
  }
}

/**
 * True if the test holds, so that the set may be done.
 * @throws Error if the record is older than a term already in use: then this is not the storage where that term
 *   was decided (not mounted, perhaps), and its answer is worth nothing
 */
export function mayAdvance(record: ArbiterRecord, fromTerm: number): boolean {
  if (record.term >= fromTerm) return record.term === fromTerm
  const terms = `arbiter knows only term ${record.term}, but term ${fromTerm} is in use`
  throw new Error(`${terms}: is this the storage that both replicas reach?`)
}

/**
 * The answer once the record is no longer changed by the request. A holder whose term has been superseded has
 * not won, even if it once had: to go live now would be wrong.
 */
export function verdictOf(record: ArbiterRecord, fromTerm: number, holder: string): Verdict {
  return { won: record.term === fromTerm + 1 && record.holder === holder, term: record.term, holder: record.holder }
}
