/**
 * The atomic test-and-set that decides who goes live (§2.3). A record `{term, holder}` per virtual machine;
 * one operation. File-based here (`file-arbiter.ts`), a compare-and-swap transaction on etcd later.
 */

export type Verdict = {
  /**
   * True if `holder` holds term `fromTerm + 1`: now, or by an earlier call whose answer was lost. Not if a newer
   * term has followed since: nobody may go live in a superseded one.
   */
  readonly won: boolean
  /** The record as it stands after the call. */
  readonly term: number
  readonly holder: string
}

export interface Arbiter {
  /**
   * If the record's term is exactly `fromTerm`, sets it to `{fromTerm + 1, holder}`; a machine without a
   * record has term 0. Asking again with the same identity gives the same answer.
   * @throws RangeError for a name, term or holder that can't be; it never will be granted.
   * @throws Error if the arbiter can't be reached or can't make the record durable: nobody may go live then (P2.3-6);
   *   also if the record is older than `fromTerm`, because that is not the storage where `fromTerm` was decided.
   */
  testAndSet(vm: string, fromTerm: number, holder: string): Promise<Verdict>
}
