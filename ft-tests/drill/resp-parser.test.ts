import test from 'ava'
import fc from '../properties.ts'
import { MalformedReply, RespParser } from './resp-parser.ts'

function parse(chunks: readonly Buffer[]): unknown[] {
  const replies: unknown[] = []
  const parser = new RespParser((kind, value) => replies.push([kind, value]))
  for (const chunk of chunks) parser.push(chunk)
  replies.push(parser.unfinishedBytes)
  return replies
}

test('reads every kind of reply', (t) => {
  const text = '+OK\r\n-ERR no\r\n:-12\r\n$3\r\na\r\n\r\n$0\r\n\r\n$-1\r\n:1'
  const replies = [['+', 'OK'], ['-', { error: 'ERR no' }], [':', -12], ['$', 'a\r\n'], ['$', ''], ['$', null]]
  t.deepEqual(parse([Buffer.from(text)]), [...replies, 2])
})

test('reads the same however the stream is cut', (t) => {
  const reply = fc.oneof(
    fc.integer().map((n) => `:${n}\r\n`),
    fc.constantFrom('+OK\r\n', '-ERR x\r\n', '$-1\r\n'),
    fc.string({ unit: 'binary-ascii', maxLength: 20 }).map((s) => `$${s.length}\r\n${s}\r\n`),
  )
  const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
  fc.assert(fc.property(fc.array(reply, { maxLength: 8 }), cuts, (replies, sizes) => {
    const bytes = Buffer.from(replies.join(''), 'latin1')
    const chunks: Buffer[] = []
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length] as number
      chunks.push(bytes.subarray(at, at + size))
      at += size
    }
    t.deepEqual(parse(chunks), parse([bytes]))
    return parse(chunks).length === replies.length + 1
  }))
})

const MALFORMED = [
  'OK\r\n', '*1\r\n:1\r\n', ':1\n', ':\r\n', ':1.5\r\n', ':01\r\n', ':+1\r\n', ':99999999999999999999\r\n',
  '$3\r\nabcd\r\n', '$-2\r\n', '$x\r\n', '+a\rb\r\n', '+'.padEnd(600, 'x'), '\r\n',
]
for (const text of MALFORMED) {
  test(`refuses ${JSON.stringify(text.slice(0, 24))}`, (t) => {
    t.throws(() => parse([Buffer.from(text)]), { instanceOf: MalformedReply })
  })
}
