/** The arbiter in memory, for tests and the simulator, with the faults an arbiter can have. */
import type { Arbiter, Verdict } from './arbiter.ts'
import { checkRequest, mayAdvance, NO_RECORD, verdictOf } from './record.ts'
import type { ArbiterRecord } from './record.ts'

export class MemoryArbiter implements Arbiter {
  private readonly records = new Map<string, ArbiterRecord>()
  /** While true, requests fail and change nothing. */
  isDown = false
  /** So many next requests are carried out, but fail for the one who asked. */
  repliesToLose = 0

  /** The record as it stands. */
  current(vm: string): ArbiterRecord {
    return this.records.get(vm) ?? NO_RECORD
  }

  /** As `testAndSet`, at once: for a simulator that has its own time. @throws Error when down, or when the reply is lost */
  decide(vm: string, fromTerm: number, holder: string): Verdict {
    checkRequest(vm, fromTerm, holder)
    if (this.isDown) throw new Error('arbiter can not be reached')
    if (mayAdvance(this.current(vm), fromTerm)) this.records.set(vm, { term: fromTerm + 1, holder })
    if (this.repliesToLose > 0) {
      this.repliesToLose--
      throw new Error('arbiter did not answer')
    }
    return verdictOf(this.current(vm), fromTerm, holder)
  }

  async testAndSet(vm: string, fromTerm: number, holder: string): Promise<Verdict> {
    return this.decide(vm, fromTerm, holder)
  }
}
