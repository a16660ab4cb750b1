/**
 * One client of the drill: one TCP connection for the whole run, never replaced. Everything that an
 * ordinary client would notice breaks it for good, with the reason kept.
 */
import { connect, type Socket } from 'node:net'
import type { KvInput, KvOutput } from '../linearizability/kv-model.ts'
import type { Operation } from '../linearizability/model.ts'
import { RespParser, type ReplyKind } from './resp-parser.ts'

export type Address = { readonly host: string; readonly port: number }

/** A call as it is recorded: times in milliseconds of `performance.now()`, a return of Infinity until answered. */
export type Call = { -readonly [K in keyof Operation<KvInput, KvOutput>]: Operation<KvInput, KvOutput>[K] }

/** Every call of every client, in the order made. */
export type History = Call[]

/** The only kind of reply that each command has when all is well. */
const REPLY_KIND: Readonly<Record<KvInput['op'], ReplyKind>> = { GET: '$', SET: '+', INCR: ':', APPEND: ':' }

export class RespClient {
  readonly id: number
  /** When each batch of replies arrived, in order. */
  readonly arrivals: number[] = []
  /** Replies so far. */
  replies = 0
  /** Why the connection broke, or null. */
  broken: string | null = null
  /** Called after each batch of replies, and when the connection breaks. */
  onProgress: () => void = () => {}
  readonly #socket: Socket
  readonly #history: History
  readonly #parser: RespParser
  /** Calls without a reply, oldest first, from `#oldest` on. */
  #waiting: Call[] = []
  #oldest = 0
  #unsent = ''
  #closing = false

  private constructor(id: number, socket: Socket, history: History) {
    this.id = id
    this.#socket = socket
    this.#history = history
    this.#parser = new RespParser((kind, value) => this.#onReply(kind, value))
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#onData(chunk as Buffer))
    socket.on('error', (error) => this.#break(error.message))
    socket.on('close', () => this.#onClose())
  }

  /** @throws the connection's error, if it can't be made */
  static connect(id: number, address: Address, history: History): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: address.host, port: address.port, allowHalfOpen: false })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RespClient(id, socket, history))
      })
    })
  }

  /** Calls without a reply yet. */
  get outstanding(): number {
    return this.#waiting.length - this.#oldest
  }

  /** Makes a call without waiting for earlier ones; calls made in one go are written together. */
  call(input: KvInput): Call {
    const call: Call = { client: this.id, input, output: undefined, invoke: performance.now(), return: Infinity }
    this.#history.push(call)
    if (this.broken !== null) return call
    this.#waiting.push(call)
    if (this.#unsent === '') process.nextTick(() => this.#flush())
    this.#unsent += encodeCommand(input)
    return call
  }

  /** Ends a connection that has nothing outstanding; bytes that still come are a complaint. */
  async close(): Promise<void> {
    if (this.broken !== null) return
    this.#closing = true
    await new Promise((resolve) => {
      this.#socket.once('close', resolve)
      this.#socket.end()
      setTimeout(() => this.#socket.destroy(), 1000).unref()
    })
  }

  /** Drops the connection without ceremony, whatever is outstanding. */
  destroy(): void {
    this.#closing = true
    this.#socket.destroy()
  }

  #flush(): void {
    const text = this.#unsent
    this.#unsent = ''
    if (this.broken === null) this.#socket.write(text, 'latin1')
  }

  #onData(chunk: Buffer): void {
    if (this.broken !== null) return
    this.arrivals.push(performance.now())
    try {
      this.#parser.push(chunk)
    } catch (error) {
      this.#break((error as Error).message)
    }
    this.#forgetAnswered()
    this.onProgress()
  }

  /** @throws Error on a reply that the command can't have; it breaks the connection like a malformed one */
  #onReply(kind: ReplyKind, value: KvOutput): void {
    const call = this.#waiting[this.#oldest]
    if (call === undefined) throw new Error(`a reply to nothing: ${kind}${JSON.stringify(value)}`)
    const { op, key } = call.input
    if (kind !== REPLY_KIND[op]) throw new Error(`${op} ${key} got ${kind}${JSON.stringify(value)}`)
    this.#oldest++
    this.replies++
    call.output = value
    call.return = this.arrivals.at(-1) as number
  }

  #forgetAnswered(): void {
    if (this.#oldest < 64) return
    this.#waiting = this.#waiting.slice(this.#oldest)
    this.#oldest = 0
  }

  #onClose(): void {
    if (!this.#closing) this.#break('the connection was closed')
    else if (this.outstanding > 0) this.#break(`closed with ${this.outstanding} calls unanswered`)
    else if (this.#parser.unfinishedBytes > 0) this.#break('closed in the middle of a reply')
  }

  #break(reason: string): void {
    if (this.broken !== null) return
    this.broken = reason
    this.#socket.destroy()
    this.onProgress()
  }
}

/** A command as RESP2; all texts are latin1, a character a byte. */
export function encodeCommand(input: KvInput): string {
  const words = 'value' in input ? [input.op, input.key, input.value] : [input.op, input.key]
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
}
