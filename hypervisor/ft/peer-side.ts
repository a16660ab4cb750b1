/** A replica's dealings with its peer: who may be one, when it is suspected, when a heartbeat is due (§2.3). */
import type { ChannelMessage, Hello } from '../../logging-channel/messages.ts'
import { whyNotPeers } from './admission.ts'
import { FailureDetector } from './failure-detector.ts'

/** A corrupt channel gives the primary this many heartbeat intervals' head start: it has more to lose. */
const corruptGraceIntervals = 3

export class PeerSide {
  readonly #intervalMs: number
  readonly #missedMax: number
  #detector: FailureDetector | undefined
  #lastSentMs = -Infinity
  #graceUntilMs: number | undefined
  #reading = true

  constructor(intervalMs: number, missedMax: number) {
    this.#intervalMs = intervalMs
    this.#missedMax = missedMax
  }

  /** @returns why this hello can't be accepted, in one line, or undefined */
  whyNot(mine: Hello, theirs: Hello, taking: boolean, phase: string): string | undefined {
    return whyNotPeers(mine, theirs) ?? (taking ? undefined : `this replica is ${phase}, it takes no new peer`)
  }

  /** From now on the peer's silence counts. */
  watch(nowMs: number): void {
    this.#detector = new FailureDetector(this.#intervalMs, this.#missedMax, nowMs)
  }

  heard(nowMs: number): void {
    this.#detector?.heard(nowMs)
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
