/**
 * What is known of a failover, gathered as it goes on: why it was thought necessary, how long each part took, and what the
 * clients were sent. Times in milliseconds.
 */
import type { Verdict } from '../../shared-disk/arbiter.ts'

export type FailoverRecord = {
  /** What made this replica suspect its primary. */
  readonly suspicion: string
  /** A planned one: the primary handed over. */
  readonly planned: boolean
  /** From the last sign of life to the suspicion. */
  readonly detectionMs: number
  /** The arbiter's answer, and from the suspicion to it. */
  readonly arbiter: { readonly term: number; readonly holder: string; readonly tookMs: number }
  /** Execution lag at the suspicion, and the entries it stands for. */
  readonly lagMs: number
  readonly entriesReplayed: number
  /** From the suspicion to live. */
  readonly liveMs: number
  /** Outputs of the log that the switch was not known to have, released on going live. */
  readonly outputsReleased: number
  /** Of those, so many the switch said it had already. */
  readonly outputsKnown: number
  /** From the suspicion to the first new output that the switch took; null if there was none for a while. */
  readonly firstOutputMs: number | null
}

/** How long an output is waited for before the record is closed without. */
const outputPatienceMs = 2000

export class BlackBox {
  readonly #suspicion: string
  readonly #planned: boolean
  readonly #silenceMs: number
  readonly #suspectedMs: number
  readonly #lagMs: number
  readonly #replayedSeq: number
  #arbiter = { term: 0, holder: '', tookMs: 0 }
  #liveMs = -1
  #entriesReplayed = 0
  #outputs = { released: 0, known: 0, first: Infinity }
  #isAttached = false

  constructor(parts: { suspicion: string; planned: boolean; silenceMs: number; lagMs: number; replayedSeq: number; nowMs: number }) {
    this.#suspicion = parts.suspicion
    this.#planned = parts.planned
    this.#silenceMs = parts.silenceMs
    this.#suspectedMs = parts.nowMs
    this.#lagMs = parts.lagMs
    this.#replayedSeq = parts.replayedSeq
  }

  get suspectedMs(): number {
    return this.#suspectedMs
  }

  answered({ term, holder }: Verdict, nowMs: number): void {
    this.#arbiter = { term, holder, tookMs: nowMs - this.#suspectedMs }
  }

  /** @returns entries replayed since the suspicion */
  live(receivedSeq: number, outputsReleased: number, nowMs: number): number {
    this.#liveMs = nowMs - this.#suspectedMs
    this.#entriesReplayed = receivedSeq - this.#replayedSeq
    this.#outputs.released = outputsReleased
    return this.#entriesReplayed
  }

  /** The switch has outputs up to `delivered`; this replica had thought it had those before `firstUndelivered`. */
  attached(delivered: number, firstUndelivered: number): void {
    if (this.#isAttached) return
    this.#isAttached = true
    this.#outputs.known = Math.max(0, delivered - firstUndelivered + 1)
    this.#outputs.first = delivered + 1
  }

  /** The switch has taken outputs up to `through`. @returns the record, once, when it is complete */
  delivered(through: number, nowMs: number): FailoverRecord | undefined {
    return this.#isAttached && through >= this.#outputs.first ? this.#record(nowMs - this.#suspectedMs) : undefined
  }

  /** @returns the record, if no output has come for so long that it is closed without */
  overdue(nowMs: number): FailoverRecord | undefined {
    const isLive = this.#liveMs >= 0
    return isLive && nowMs - this.#suspectedMs - this.#liveMs >= outputPatienceMs ? this.#record(null) : undefined
  }

  #record(firstOutputMs: number | null): FailoverRecord {
    return {
      suspicion: this.#suspicion, planned: this.#planned, detectionMs: this.#silenceMs, arbiter: this.#arbiter, lagMs: this.#lagMs,
      entriesReplayed: this.#entriesReplayed, liveMs: this.#liveMs, outputsReleased: this.#outputs.released,
      outputsKnown: this.#outputs.known, firstOutputMs
    }
  }
}
