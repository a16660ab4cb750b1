/** The ClientStream checker's heart: reads a reply stream and refuses the first byte that is not the one expected. */
import type { History } from './checkers/history.ts'
import { Violation } from './checker.ts'
import { bodyPiece, pieceBytesMax, replyBytes, ReplyKind, replyWords } from './guest-protocol.ts'

export type Expected = { readonly id: number; readonly hash: number; readonly body: number; readonly timer: boolean }

type Handlers = { readonly onReply: () => void; readonly onTimer: () => void }

export class ReplyReader {
  replies = 0
  readonly #client: string
  readonly #history: History
  readonly #handlers: Handlers
  readonly #expected: Expected[] = []
  readonly #timers = new Set<number>()
  readonly #header = new Uint8Array(replyBytes)
  #filled = 0
  #bodyLeft = 0
  #bodyAt = 0
  #count = 0
  #lastGlobal = 0
  #lastUs = 0

  constructor(client: string, history: History, handlers: Handlers) {
    this.#client = client
    this.#history = history
    this.#handlers = handlers
  }

  /** Everything asked for has come, timers included. */
  get isComplete(): boolean {
    return this.#expected.length === 0 && this.#timers.size === 0 && this.#filled === 0
  }

  expect(expected: Expected): void {
    this.#expected.push(expected)
    if (expected.timer) this.#timers.add(expected.id)
  }

  read(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#filled < replyBytes) {
        const count = Math.min(replyBytes - this.#filled, bytes.length - at)
        this.#header.set(bytes.subarray(at, at + count), this.#filled)
        this.#filled += count
        at += count
        if (this.#filled === replyBytes) this.#onHeader()
      } else at = this.#readBody(bytes, at)
      if (this.#filled === replyBytes && this.#bodyLeft === 0) this.#onFrame()
    }
  }

  #words(): Int32Array {
    return new Int32Array(this.#header.buffer, 0, replyWords)
  }

  #onHeader(): void {
    const words = this.#words()
    const [kind = 0, id = 0, count = 0, hash = 0, global = 0, draws = 0, drawHash = 0] = words
    const [low = 0, high = 0, body = 0] = words.subarray(7)
    if (count !== ++this.#count) this.#fail(`frame ${count} of its connection came where frame ${this.#count} must come`)
    if (kind === ReplyKind.reply) this.#checkReply(id, hash, body)
    else if (kind !== ReplyKind.timer || !this.#timers.has(id) || body !== id % 50) {
      this.#fail(`an unexpected frame of kind ${kind} for ${id}`)
    }
    if (global <= this.#lastGlobal) this.#fail(`reply number ${global} of the service came after ${this.#lastGlobal}`)
    const us = high * 0x100000000 + (low >>> 0)
    if (us < this.#lastUs) this.#fail(`the guest's clock went back from ${this.#lastUs} to ${us} µs`)
    this.#lastGlobal = global
    this.#lastUs = us
    this.#history.observe(this.#client, global, draws, drawHash, us)
    this.#bodyLeft = body
    this.#bodyAt = 0
  }

  #checkReply(id: number, hash: number, body: number): void {
    const expected = this.#expected[0]
    if (expected === undefined) this.#fail(`a reply to ${id}, and nothing was asked`)
    if (id !== expected.id) this.#fail(`a reply to request ${id} came where the one to ${expected.id} must come`)
    if (hash !== expected.hash) this.#fail(`the service took other bytes than were sent, up to request ${id}`)
    if (body !== expected.body) this.#fail(`the reply to ${id} announces ${body} bytes, ${expected.body} were asked for`)
  }

  #readBody(bytes: Uint8Array, at: number): number {
    const [kind = 0, id = 0] = this.#words()
    const length = Math.min(bytes.length - at, this.#bodyLeft, pieceBytesMax)
    if (Buffer.compare(bytes.subarray(at, at + length), bodyPiece(id, kind, this.#bodyAt, length)) !== 0) {
      this.#fail(`the body of frame ${this.#count} is wrong behind byte ${this.#bodyAt}`)
    }
    this.#bodyAt += length
    this.#bodyLeft -= length
    return at + length
  }

  #onFrame(): void {
    const [kind = 0, id = 0] = this.#words()
    this.#filled = 0
    if (kind === ReplyKind.timer) {
      this.#timers.delete(id)
      return this.#handlers.onTimer()
    }
    this.#expected.shift()
    this.replies++
    this.#handlers.onReply()
  }

  #fail(what: string): never {
    throw new Violation('ClientStream', `${this.#client}: ${what}`)
  }
}
