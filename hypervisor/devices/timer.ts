/** Timer device: 64 one-shot timers. When one is due is decided outside; that it fired is a log entry. */
import type { TimerEntry } from '../../logging-channel/entries.ts'
import type { HostCalls } from '../machine/engine.ts'
import type { StateHasher } from '../machine/state-hash.ts'
import { Cause, type Device, type Outside } from './device.ts'
import { AbiError } from './guest-memory.ts'

export const timerCount = 64
const delayUsMax = 2 ** 52

export class TimerDevice implements Device {
  readonly calls: HostCalls
  readonly #armed: boolean[] = Array.from({ length: timerCount }, () => false)
  readonly #expired: number[] = []
  #raised = 0

  constructor(outside: Outside) {
    this.calls = {
      timer_set: (timer: number, delayUs: number) => {
        if (!isTimer(timer) || !(delayUs >= 0 && delayUs <= delayUsMax)) return AbiError.invalid
        this.#forget(timer)
        this.#armed[timer] = true
        outside.armTimer(timer, Math.floor(delayUs))
        return 0
      },
      timer_cancel: (timer: number) => {
        if (!isTimer(timer)) return AbiError.invalid
        outside.disarmTimer(timer)
        return this.#forget(timer) ? 1 : 0
      },
      timer_next: () => this.#expired.shift() ?? -1
    }
  }

  get raised(): number {
    return this.#raised
  }

  taken(causes: number): void {
    this.#raised &= ~causes
  }

  inject(entry: TimerEntry): void {
    if (!this.#armed[entry.timer]) throw new Error(`timer ${entry.timer} expired but was not armed`)
    this.#armed[entry.timer] = false
    this.#expired.push(entry.timer)
    this.#raised = Cause.timer
  }

  hash(hasher: StateHasher): void {
    hasher.word(this.#raised)
    for (const timer of this.#expired) hasher.word(timer)
    for (let i = 0; i < timerCount; i++) if (this.#armed[i]) hasher.word(i)
  }

  #forget(timer: number): boolean {
    const at = this.#expired.indexOf(timer)
    if (at >= 0) this.#expired.splice(at, 1)
    const was = this.#armed[timer] === true || at >= 0
    this.#armed[timer] = false
    return was
  }
}

function isTimer(timer: number): boolean {
  return timer >= 0 && timer < timerCount
}
