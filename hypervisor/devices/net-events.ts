/** The queue that `net_events` pulls from. DATA and WRITABLE are coalesced per connection (P3.5-2). */
export const NetEvent = { open: 1, data: 2, end: 3, reset: 4, writable: 5, connected: 6 } as const
export type NetEvent = (typeof NetEvent)[keyof typeof NetEvent]

export const netEventBytes = 16

/** Flat pairs (kind, conn): no object per event on the hottest path of the machine. */
export class NetEventQueue {
  #pairs: number[] = []
  #head = 0

  get length(): number {
    return (this.#pairs.length - this.#head) / 2
  }

  push(kind: NetEvent, conn: number): void {
    this.#pairs.push(kind, conn)
  }

  /** All pairs (kind, conn), oldest first. */
  pairs(): readonly number[] {
    return this.#pairs.slice(this.#head)
  }

  clear(): void {
    this.#pairs = []
    this.#head = 0
  }

  /** Calls `take(kind, conn)` for the oldest event and drops it; false if there is none. */
  shift(take: (kind: NetEvent, conn: number) => void): boolean {
    if (this.#head === this.#pairs.length) return false
    const kind = this.#pairs[this.#head]! as NetEvent
    const conn = this.#pairs[this.#head + 1]!
    this.#head += 2
    if (this.#head === this.#pairs.length) {
      this.#pairs = []
      this.#head = 0
    }
    take(kind, conn)
    return true
  }
}
