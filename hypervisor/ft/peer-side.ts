/** A replica's ear for its peer: when it is suspected, when a heartbeat is due (§2.3). */
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import { FailureDetector } from './failure-detector.ts'

/** A corrupt channel gives the primary this many heartbeat intervals' head start: it has more to lose. */
const corruptGraceIntervals = 3
/** A frame may be on its way for so long, and its bytes count as signs of life: 16 MiB at 1.6 MB/s. Nobody lives on drops for ever. */
const partMsMax = 10_000
/** While a snapshot is copied, sent and taken on, either side may be silent: copying a gigabyte takes its time. */
const patienceMs = 10_000

export class PeerSide {
  readonly #intervalMs: number
  readonly #missedMax: number
  #detector: FailureDetector | undefined
  #lastSentMs = -Infinity
  #graceUntilMs: number | undefined
  #reading = true
  /** Since when there have been bytes of a frame, and no message. */
  #partSinceMs: number | undefined

  constructor(intervalMs: number, missedMax: number) {
    this.#intervalMs = intervalMs
    this.#missedMax = missedMax
  }

  /** From now on the peer's silence counts. `patiently`: it may be busy for long, and little hangs on it. */
  watch(nowMs: number, patiently = false): void {
    const missedMax = patiently ? Math.max(this.#missedMax, Math.ceil(patienceMs / this.#intervalMs)) : this.#missedMax
    this.#detector = new FailureDetector(this.#intervalMs, missedMax, nowMs)
  }

  /** A whole message is here. */
  heard(nowMs: number): void {
    this.#partSinceMs = undefined
    this.#detector?.heard(nowMs)
  }

  /** Bytes of a frame that is not complete. */
  heardPart(nowMs: number): void {
    this.#partSinceMs ??= nowMs
    if (nowMs - this.#partSinceMs < partMsMax) this.#detector?.heard(nowMs)
  }

  /** The peer may be silent for so much longer than usual, within reason; 0: no longer. */
  grantSilence(forMs: number): void {
    if (this.#detector !== undefined) this.#detector.grantedMs = Math.min(forMs, patienceMs)
  }

  silenceMs(nowMs: number): number {
    return this.#detector?.silenceMs(nowMs) ?? 0
  }

  /** The channel was closed here because it was damaged: the peer is to win, this side suspects only after a while. */
  grantGrace(nowMs: number): void {
    this.#graceUntilMs = nowMs + corruptGraceIntervals * this.#intervalMs
  }

  get inGrace(): boolean {
    return this.#graceUntilMs !== undefined
  }

  endGrace(): void {
    this.#graceUntilMs = undefined
  }

  /** Why the peer is to be suspected now, in one line, or undefined. */
  suspicion(nowMs: number): string | undefined {
    if (this.#graceUntilMs !== undefined) return nowMs >= this.#graceUntilMs ? 'the channel was corrupt' : undefined
    // While we ourselves don't read, the peer's silence says nothing.
    if (!this.#reading) this.#detector!.heard(nowMs)
    return this.#detector!.suspects(nowMs) ? `nothing heard for ${Math.round(this.silenceMs(nowMs))} ms` : undefined
  }

  sent(nowMs: number): void {
    this.#lastSentMs = nowMs
  }

  /** The heartbeat to send, if nothing else was sent for an interval. */
  heartbeat(term: number, outputsDelivered: number, nowMs: number): ChannelMessage | undefined {
    return nowMs - this.#lastSentMs < this.#intervalMs ? undefined : { type: 'heartbeat', term, outputsDelivered }
  }

  /** @returns true to resume and false to stop reading the channel, undefined to leave it as it is */
  changeReading(wanted: boolean): boolean | undefined {
    if (wanted === this.#reading) return undefined
    return (this.#reading = wanted)
  }
}
