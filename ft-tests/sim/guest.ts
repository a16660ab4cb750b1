/**
 * The simulated guest: a request/reply service that keeps all its state in memory, reads clocks and entropy, sets
 * timers, computes at length, grows, and answers in several sends. It knows nothing of fault tolerance.
 */
import {
  Ask, bodyPiece, guestPort, mix, mixBytes, pieceBytesMax, replyBytes, ReplyKind, replyWords, requestBytes, requestWords
} from './guest-protocol.ts'
import { pageBytes, type GuestCode, type GuestHost, type GuestProgram } from './scripted-engine.ts'

/** A guest that draws much needs a page more, where that goes. */
export const guestPages = (drawsMuch: boolean): number => drawsMuch ? 2 : 1
const muchEntropyDraws = 17

// One page, in words: globals, event buffer, connections; where bytes come and go; work. Small, because it is hashed often.
const G = {
  busy: 0, replies: 1, draws: 2, drawHash: 3, expiredHead: 4, expiredTail: 5, clockLow: 6, clockHigh: 7, wallLow: 8, wallHigh: 9
}
const expiredAt = 16
const timersAt = 80
const eventsAt = 256
const eventsMax = 8
const connsAt = 512
const connsMax = 12
const connWords = 256
const C = { id: 0, filled: 1, payloadLeft: 2, hash: 3, replies: 4, first: 5, count: 6, sent: 7, ended: 8, request: 10, queue: 16 }
const queueMax = 20
const itemWords = 12
const scratch = 16384
const scratchBytes = pieceBytesMax
const workAt = 32768 / 4
const workWords = 4096
/** A byte that the guest never uses, in the page that it computes in. */
export const guestFlipAt = pageBytes - 5

/** @param steady it may count on a wall clock that never steps back */
export function guestProgram(preemptive: boolean, steady: boolean): (host: GuestHost) => GuestProgram {
  return (host) => new Guest(host, preemptive, steady)
}

class Guest implements GuestProgram {
  readonly #host: GuestHost
  readonly #preemptive: boolean
  readonly #steady: boolean

  constructor(host: GuestHost, preemptive: boolean, steady: boolean) {
    this.#host = host
    this.#steady = steady
    this.#preemptive = preemptive
  }

  *ft_start(): GuestCode {
    const { call } = this.#host
    if (call.net_listen!(guestPort) !== 0) throw new Error('guest can not listen')
    if (this.#preemptive) call.preempt!(2)
    yield
  }

  *ft_interrupt(causes: number): GuestCode {
    const { call, words } = this.#host
    if ((causes & 2) !== 0) {
      for (let timer = call.timer_next!(); timer >= 0; timer = call.timer_next!()) {
        words[expiredAt + (words[G.expiredTail]!++ & 63)] = timer
      }
    }
    // In the middle of other code of its own it only takes note; that code deals with it.
    if (words[G.busy] === 1) return
    words[G.busy] = 1
    yield* this.#work()
    this.#host.words[G.busy] = 0
  }

  *#work(): GuestCode {
    const { call } = this.#host
    for (;;) {
      yield* this.#expired()
      const count = call.net_events!(eventsAt * 4, eventsMax)
      if (count === 0 && this.#host.words[G.expiredHead] === this.#host.words[G.expiredTail]) return
      for (let i = 0; i < count; i++) {
        yield
        yield* this.#onEvent(this.#host.words[eventsAt + i * 4]!, this.#host.words[eventsAt + i * 4 + 1]!)
      }
    }
  }

  *#expired(): GuestCode {
    for (;;) {
      const { words } = this.#host
      if (words[G.expiredHead] === words[G.expiredTail]) return
      const timer = words[expiredAt + (words[G.expiredHead]!++ & 63)]!
      const id = words[timersAt + timer * 2]!
      const conn = words[timersAt + timer * 2 + 1]!
      words[timersAt + timer * 2] = 0
      const at = this.#find(conn)
      if (at < 0) continue
      this.#queue(at, ReplyKind.timer, id, id % 50)
      yield* this.#send(at)
      yield* this.#receive(at)
    }
  }

  *#onEvent(kind: number, conn: number): GuestCode {
    if (kind === 1) return this.#open(conn)
    const at = this.#find(conn)
    if (at < 0) return
    const { words } = this.#host
    if (kind === 4) words[at + C.id] = 0
    else if (kind === 3) words[at + C.ended] = 1
    if (kind === 5) yield* this.#send(at)
    if (kind !== 4) yield* this.#receive(at)
  }

  #open(conn: number): void {
    const { words, call } = this.#host
    const at = this.#find(0)
    if (at < 0) return void call.net_reset!(conn)
    words.fill(0, at, at + connWords)
    words[at + C.id] = conn
  }

  #find(conn: number): number {
    const { words } = this.#host
    for (let i = 0; i < connsMax; i++) if (words[connsAt + i * connWords] === conn) return connsAt + i * connWords
    return -1
  }

  /** Takes requests as long as there are bytes and room for replies. */
  *#receive(at: number): GuestCode {
    const { call } = this.#host
    for (;;) {
      const { words, bytes } = this.#host
      const conn = words[at + C.id]!
      if (conn === 0) return
      if (words[at + C.payloadLeft]! > 0) {
        const got = call.net_recv!(conn, scratch, Math.min(words[at + C.payloadLeft]!, scratchBytes))
        if (got <= 0) break
        words[at + C.hash] = mixBytes(words[at + C.hash]!, bytes.subarray(scratch, scratch + got))
        words[at + C.payloadLeft]! -= got
        if (words[at + C.payloadLeft] === 0) yield* this.#serve(at)
        continue
      }
      if (words[at + C.count]! + this.#pendingTimers(conn) >= queueMax - 1) return
      const filled = words[at + C.filled]!
      const got = call.net_recv!(conn, (at + C.request) * 4 + filled, requestBytes - filled)
      if (got <= 0) break
      words[at + C.filled]! += got
      if (words[at + C.filled] !== requestBytes) continue
      words[at + C.filled] = 0
      for (let i = 0; i < requestWords; i++) words[at + C.hash] = mix(words[at + C.hash]!, words[at + C.request + i]!)
      words[at + C.payloadLeft] = words[at + C.request + 4]!
      yield
      if (words[at + C.payloadLeft] === 0) yield* this.#serve(at)
    }
    this.#closeIfDone(at)
  }

  #closeIfDone(at: number): void {
    const { words, call } = this.#host
    const conn = words[at + C.id]!
    if (words[at + C.ended] === 0 || words[at + C.count]! + this.#pendingTimers(conn) > 0) return
    call.net_close!(conn)
    words[at + C.id] = 0
  }

  #pendingTimers(conn: number): number {
    const { words } = this.#host
    let pending = 0
    for (let t = 0; t < 64; t++) if (words[timersAt + t * 2] !== 0 && words[timersAt + t * 2 + 1] === conn) pending++
    return pending
  }

  *#serve(at: number): GuestCode {
    const [id = 0, flags = 0, body = 0, work = 0] = this.#host.words.subarray(at + C.request, at + C.request + 4)
    this.#operate(flags, at, id)
    for (let i = 0; (flags & Ask.muchEntropy) !== 0 && i < muchEntropyDraws; i++) {
      this.#draw(65536)
      yield
    }
    const { words } = this.#host
    for (let i = 0; i < work; i++) {
      const cell = workAt + ((id * 97 + i) & (workWords - 1))
      words[cell] = mix(words[cell]!, words[G.drawHash]! + i)
      yield
    }
    if (this.#host.words[at + C.id] === 0) return
    this.#queue(at, ReplyKind.reply, id, body)
    yield* this.#send(at)
  }

  #operate(flags: number, at: number, id: number): void {
    const { call } = this.#host
    if ((flags & Ask.grow) !== 0 && this.#host.grow()) this.#host.bytes.fill(id, this.#host.bytes.length - 256)
    if ((flags & Ask.monotonic) !== 0) this.#readClock()
    if ((flags & Ask.wall) !== 0) this.#readWall()
    if ((flags & Ask.entropy) !== 0) this.#draw(1 + (id % 40))
    if ((flags & Ask.console) !== 0) call.console_write!((at + C.request) * 4, requestBytes)
    if ((flags & Ask.timer) !== 0) this.#setTimer(this.#host.words[at + C.id]!, id)
  }

  #readClock(): void {
    const us = this.#host.call.clock_monotonic!()
    this.#host.words[G.clockLow] = us | 0
    this.#host.words[G.clockHigh] = Math.floor(us / 0x100000000)
  }

  #readWall(): void {
    const { words, call } = this.#host
    const lastUs = words[G.wallHigh]! * 0x100000000 + (words[G.wallLow]! >>> 0)
    const us = call.clock_wall!()
    if (this.#steady && us < lastUs) throw new Error(`the guest's wall clock stepped back from ${lastUs} to ${us} µs`)
    words[G.wallLow] = us | 0
    words[G.wallHigh] = Math.floor(us / 0x100000000)
  }

  #draw(length: number): void {
    const { call, words, bytes } = this.#host
    const to = length > scratchBytes ? pageBytes : scratch
    call.entropy!(to, length)
    words[G.draws]!++
    words[G.drawHash] = mixBytes(words[G.drawHash]!, bytes.subarray(to, to + Math.min(length, 64)))
  }

  #setTimer(conn: number, id: number): void {
    const { words, call } = this.#host
    // The client has no more timers out than there are; one of them is free.
    let timer = 0
    while (words[timersAt + timer * 2] !== 0) timer++
    words[timersAt + timer * 2] = id
    words[timersAt + timer * 2 + 1] = conn
    if (call.timer_set!(timer, (id % 13) * 700) !== 0) throw new Error(`guest can not set timer ${timer}`)
  }

  #queue(at: number, kind: number, id: number, body: number): void {
    const { words } = this.#host
    const slot = at + C.queue + ((words[at + C.first]! + words[at + C.count]!++) % queueMax) * itemWords
    const header = [
      kind, id, ++words[at + C.replies]!, words[at + C.hash]!, ++words[G.replies]!, words[G.draws]!, words[G.drawHash]!,
      words[G.clockLow]!, words[G.clockHigh]!, body
    ]
    words.set(header, slot)
  }

  /** Sends what is queued, a reply in several pieces, as far as the connection takes it. */
  *#send(at: number): GuestCode {
    const { call } = this.#host
    for (;;) {
      const { words, bytes } = this.#host
      const conn = words[at + C.id]!
      if (conn === 0 || words[at + C.count] === 0) return
      const slot = at + C.queue + words[at + C.first]! * itemWords
      const total = replyBytes + words[slot + replyWords - 1]!
      const sent = words[at + C.sent]!
      const length = this.#piece(slot, sent, total)
      if (sent < replyBytes) bytes.copyWithin(scratch, slot * 4 + sent, slot * 4 + sent + length)
      else bytes.set(bodyPiece(words[slot + 1]!, words[slot]!, sent - replyBytes, length), scratch)
      const took = call.net_send!(conn, scratch, length)
      if (took < 0) return
      words[at + C.sent]! += took
      if (words[at + C.sent] === total) {
        words[at + C.sent] = 0
        words[at + C.first] = (words[at + C.first]! + 1) % queueMax
        words[at + C.count]!--
      } else if (took < length) return
      yield
    }
  }

  #piece(slot: number, sent: number, total: number): number {
    if (sent < replyBytes) return replyBytes - sent
    return Math.min(total - sent, scratchBytes, 100 + (this.#host.words[slot + 1]! % 7) * 4000)
  }
}
