/** Virtual time: what happens next happens now. Milliseconds; equal times run in the order they were asked for. */
type Item = { readonly atMs: number; readonly order: number; readonly run: () => void }

export class Scheduler {
  nowMs = 0
  readonly #heap: Item[] = []
  #order = 0

  at(atMs: number, run: () => void): void {
    this.#push({ atMs: Math.max(atMs, this.nowMs), order: this.#order++, run })
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run)
  }

  /** Runs the next item. @returns false if there is none, or none before `untilMs` */
  next(untilMs: number): boolean {
    const item = this.#heap[0]
    if (item === undefined || item.atMs > untilMs) return false
    this.#pop()
    this.nowMs = item.atMs
    item.run()
    return true
  }

  #push(item: Item): void {
    const heap = this.#heap
    let at = heap.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isBefore(heap[parent]!, item)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = item
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (isBefore(last, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Item, b: Item): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
