/**
 * A strict reader of RESP2 replies: status, error, integer, bulk string, nil. Anything else, down to a bare
 * newline, is malformed: a failover must not leave a client a stream that a forgiving parser would mend.
 */
import type { KvOutput } from '../linearizability/kv-model.ts'

/** The byte that a reply begins with. */
export type ReplyKind = '+' | '-' | ':' | '$'

export class MalformedReply extends Error {}

const CR = 13
const LF = 10
const LINE_BYTES_MAX = 512

export class RespParser {
  #rest: Buffer = Buffer.alloc(0)
  readonly #onReply: (kind: ReplyKind, value: KvOutput) => void

  constructor(onReply: (kind: ReplyKind, value: KvOutput) => void) {
    this.#onReply = onReply
  }

  /** Bytes of a reply that has begun and not ended. */
  get unfinishedBytes(): number {
    return this.#rest.length
  }

  /** Takes the next bytes of the stream, however they were cut. @throws MalformedReply */
  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (;;) {
      const end = this.#reply(bytes, at)
      if (end === at) break
      at = end
    }
    this.#rest = bytes.subarray(at)
  }

  /** Reads one reply at `start`; where it ends, or `start` if it hasn't come whole. */
  #reply(bytes: Buffer, start: number): number {
    if (start === bytes.length) return start
    const kind = String.fromCharCode(bytes[start] as number)
    if (!isKind(kind)) throw new MalformedReply(`a reply begins with ${JSON.stringify(kind)}`)
    const lineEnd = endOfLine(bytes, start)
    if (lineEnd === -1) return start
    const line = bytes.toString('latin1', start + 1, lineEnd)
    const next = lineEnd + 2
    if (kind === '+') this.#onReply(kind, line)
    else if (kind === '-') this.#onReply(kind, { error: line })
    else if (kind === ':') this.#onReply(kind, parseInteger(line))
    else return this.#bulk(bytes, start, next, parseInteger(line))
    return next
  }

  #bulk(bytes: Buffer, start: number, from: number, length: number): number {
    if (length < -1) throw new MalformedReply(`a bulk string of length ${length}`)
    if (length === -1) {
      this.#onReply('$', null)
      return from
    }
    const to = from + length
    if (bytes.length < to + 2) return start
    if (bytes[to] !== CR || bytes[to + 1] !== LF) throw new MalformedReply(`no CRLF after a bulk string of ${length} bytes`)
    this.#onReply('$', bytes.toString('latin1', from, to))
    return to + 2
  }
}

const isKind = (kind: string): kind is ReplyKind => kind === '+' || kind === '-' || kind === ':' || kind === '$'

/** Where the line's CR stands; -1 if its end hasn't come. */
function endOfLine(bytes: Buffer, start: number): number {
  const lf = bytes.indexOf(LF, start)
  if (lf === -1) {
    if (bytes.length - start > LINE_BYTES_MAX) throw new MalformedReply(`no end of line within ${LINE_BYTES_MAX} bytes`)
    return -1
  }
  if (bytes[lf - 1] !== CR) throw new MalformedReply('a line ends without CR')
  if (bytes.indexOf(CR, start) !== lf - 1) throw new MalformedReply('a CR inside a line')
  return lf - 1
}

function parseInteger(text: string): number {
  const number = Number(text)
  const isInteger = /^(0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(number)
  if (!isInteger) throw new MalformedReply(`not an integer: ${JSON.stringify(text)}`)
  return number
}
