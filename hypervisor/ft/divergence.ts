/** Replay did something that the log does not say: the backup must stop and never go live (DESIGN §2). */
export class Divergence extends Error {
  /** The last entry known to be equal, and the first that was not. */
  readonly lastGoodSeq: number
  readonly firstBadSeq: number
  readonly tick: number
  /** The first memory page that differs, where that is what was found. */
  page: number | null = null

  constructor(firstBadSeq: number, tick: number, what: string) {
    super(`divergence at seq ${firstBadSeq}, tick ${tick}: ${what}`)
    this.lastGoodSeq = firstBadSeq - 1
    this.firstBadSeq = firstBadSeq
    this.tick = tick
  }

  onPage(page: number): this {
    this.page = page
    return this
  }
}
