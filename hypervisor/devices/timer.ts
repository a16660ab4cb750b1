/** Timer device: 64 one-shot timers. When one is due is decided outside; that it fired is a log entry. */
import { Parser } from 'binary-parser'
import type { TimerEntry } from '../../logging-channel/entries.ts'
import type { HostCalls } from '../machine/engine.ts'
import { parseFields, type FieldWriter } from '../machine/saved-fields.ts'
import { SnapshotError } from '../machine/snapshot-error.ts'
import type { StateHasher } from '../machine/state-hash.ts'
import { Cause, checkRaised, DeviceId, type Device, type Outside } from './device.ts'
import { AbiError } from './guest-memory.ts'

export const timerCount = 64
const delayUsMax = 2 ** 52

type SavedTimers = { readonly raised: number; readonly armed: number[]; readonly expired: number[] }

const saved = new Parser()
  .uint8('raised')
  .array('armed', { type: 'uint8', length: timerCount })
  .uint8('count')
  .array('expired', { type: 'uint8', length: 'count' })
  .saveOffset('end')

export class TimerDevice implements Device {
  readonly id = DeviceId.timer
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

  save(out: FieldWriter): void {
    out.u8(this.#raised)
    for (const armed of this.#armed) out.u8(+armed)
    out.u8(this.#expired.length)
    for (const timer of this.#expired) out.u8(timer)
  }

  restore(bytes: Uint8Array): void {
    const { raised, armed, expired } = parseFields<SavedTimers>(saved, bytes, 'the timers\' state')
    checkRaised(raised, Cause.timer, 'the timer device')
    if (armed.some((flag) => flag > 1)) throw new SnapshotError('a timer in the snapshot is neither armed nor not')
    const once = new Set(expired).size === expired.length
    if (!once || expired.some((timer) => !isTimer(timer) || armed[timer] === 1)) {
      throw new SnapshotError(`timers that can't have expired in the snapshot: ${expired.join(', ')}`)
    }
    this.#raised = raised
    armed.forEach((flag, timer) => { this.#armed[timer] = flag === 1 })
    this.#expired.splice(0, Infinity, ...expired)
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
