/** One RESP2 reply: its raw text as latin1, and, for an array, its elements. */
export interface Reply {
  readonly raw: string
  readonly elements?: readonly Reply[]
}

/** Splits a stream of replies. The rest, an incomplete reply, is given as it is. */
export function splitReplies(bytes: Buffer): { replies: Reply[], rest: Buffer } {
  const replies: Reply[] = []
  let at = 0
  for (;;) {
    const parsed = parseReply(bytes, at)
    if (parsed === undefined) return { replies, rest: bytes.subarray(at) }
    replies.push(parsed.reply)
    at = parsed.end
  }
}

function parseReply(bytes: Buffer, at: number): { reply: Reply, end: number } | undefined {
  const line = bytes.indexOf('\r\n', at)
  if (line < 0) return undefined
  const kind = bytes[at]
  const number = Number(bytes.toString('latin1', at + 1, line))
  let end = line + 2
  if (kind === 0x24 && number >= 0) end += number + 2
  else if (kind === 0x2A && number > 0) {
    const elements: Reply[] = []
    for (let i = 0; i < number; i++) {
      const element = parseReply(bytes, end)
      if (element === undefined) return undefined
      elements.push(element.reply)
      end = element.end
    }
    return { reply: { raw: bytes.toString('latin1', at, end), elements }, end }
  }
  return end > bytes.length ? undefined : { reply: { raw: bytes.toString('latin1', at, end) }, end }
}

/** A request as clients send it. */
export function request(...args: (string | Buffer)[]): Buffer {
  const parts = args.map(arg => Buffer.isBuffer(arg) ? arg : Buffer.from(arg, 'latin1'))
  return Buffer.concat([
    Buffer.from(`*${parts.length}\r\n`),
    ...parts.flatMap(part => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')])
  ])
}
