/** Seeded random numbers (splitmix32): the only source of chance in the simulator. */
export class Rng {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** From 0 to 2^32 - 1. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let z = this.#state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }

  /** From `low` (inclusive) to `high` (exclusive). */
  number(low: number, high: number): number {
    return low + (this.word() / 0x100000000) * (high - low)
  }

  /** An integer from `low` to `high`, both inclusive. */
  integer(low: number, high: number): number {
    return low + (this.word() % (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.word() / 0x100000000 < probability
  }

  pick<T>(items: readonly T[]): T {
    return items[this.word() % items.length]!
  }

  /** A stream of its own, so that more draws in one part of the simulation change nothing in another. */
  fork(): Rng {
    return new Rng(this.word())
  }
}
