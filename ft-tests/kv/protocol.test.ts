import test from 'ava'
import fc from '../properties.ts'
import { startOracle } from './oracle.ts'
import { request } from './replies.ts'
import { boot } from './test-host.ts'

const oracle = await startOracle()
test.after.always(() => oracle?.stop())

const long = (length: number): string => 'x'.repeat(length)

/** Bytes as clients should not send them, or seldom do. */
const inputs: readonly string[] = [
  // Inline requests.
  'PING\r\n', 'PING\n', '  PING  \r\n', '\r\n\r\nPING\r\n', '   \r\nPING\r\n', 'SET k "a b"\r\nGET k\r\n',
  "SET q 'it\\'s'\r\nGET q\r\n",
  'ECHO "\\x41\\x4a\\n\\t\\r\\b\\a\\\\\\""\r\n', 'ECHO "\\xZZ\\x4"\r\n', 'ECHO ""\r\n', "ECHO ''\r\n", 'ECHO "a"b\r\n',
  "ECHO 'a'b\r\n", 'ECHO "abc\r\n',
  "ECHO 'abc\r\n", 'ECHO a"b c"\r\n', 'ECHO a\tb\r\n', 'ECHO a\vb\r\n', 'ECHO "\\', 'ECHO "\\\r\n', "ECHO '\\\r\n",
  'PI\0NG\r\n', 'PING\r', 'PING\rX\n',
  'ECHO a\r\n\r\nECHO b\nECHO c\r\n', 'GET\r\n', 'foo bar baz\r\n', 'QUIT\r\nPING\r\n', 'quit now\r\n', '*\r\n',
  'PING' + long(65531) + '\r\n',
  'ECHO ' + long(65530), 'ECHO ' + long(65532), 'ECHO ' + long(70000) + '\r\n', long(65536), long(65537),
  'POST / HTTP/1.1\r\nHost: x\r\n\r\n', 'Host: x\r\nPING\r\n',
  // Requests in RESP.
  '*1\r\n$4\r\nPING\r\n', '*0\r\nPING\r\n', '*-1\r\nPING\r\n', '*-5\r\nPING\r\n',
  '*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n', '*01\r\n$4\r\nPING\r\n', '*1 \r\n', '* 1\r\n',
  '*x\r\n', '*+1\r\n', '*-0\r\n', '*2147483647\r\n', '*2147483648\r\n', '*99999999999999999999\r\n',
  '*1\rX$4\r\nPING\r\n', '*1\n$4\nPING\n', '*' + long(10),
  '*' + long(65535), '*' + long(65536), '*' + long(65537), '*1\r\n' + long(10), '*1\r\nPING\r\n', '*1\r\n:4\r\n',
  '*1\r\n\r\n', '*1\r\n\n\r\n', '*1\r\n$\r\n', '*1\r\n$-1\r\n',
  '*1\r\n$x\r\n', '*1\r\n$04\r\nPING\r\n', '*1\r\n$536870913\r\n', '*1\r\n$99999999999999999999\r\n',
  '*1\r\n$536870912\r\n', '*1\r\n$' + long(65535), '*1\r\n$' + long(65536),
  '*1\r\n$' + long(65537), '*1\r\n' + long(65536), '*1\r\n' + long(65537), '*2\r\n$4\r\nECHO\r\n$0\r\n\r\n',
  '*1\r\n$0\r\n\r\n', '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nabc', '*1\r\n$4\r\nPI\0G\r\n',
  '*1\0\r\n$4\r\nPING\r\n', '*1\r\n$4\0\r\nPING\r\n', '*1\r\n\x80\r\n',
  '*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*x\r\nPING\r\n', '*2\r\n$4\r\nECHO\r\n!',
  'PING\r\n*1\r\n$4\r\nQUIT\r\nPING\r\n',
  '*1\r\n$3\r\nfoo\r\n*2\r\n$3\r\nGET\r\n$6\r\nabsent\r\n',
  '*3\r\n$6\r\nCLIENT\r\n$5\r\nREPLY\r\n$3\r\nOFF\r\nPING\r\nCLIENT REPLY ON\r\nPING\r\n',
  'CLIENT REPLY SKIP\r\nPING\r\nECHO a\r\n',
  'CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING\r\nCLIENT REPLY ON\r\nECHO b\r\n',
  'CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO b\r\n', 'CLIENT REPLY SKIP\r\nCLIENT REPLY ON\r\nPING\r\n'
]

async function guestAnswer(input: Buffer, cuts: readonly number[] = []): Promise<{ bytes: string, closed: boolean }> {
  const machine = await boot('kv')
  const client = machine.connect(6379)
  let at = 0
  for (const cut of [...cuts, input.length]) {
    client.send(input.subarray(at, cut))
    at = cut
  }
  return { bytes: client.take().toString('latin1'), closed: client.guestEnded }
}

test('odd and broken requests are answered, and closed, as by redis-server', async t => {
  if (oracle === undefined) {
    t.log('skipped: there is no redis-server here')
    t.pass()
    return
  }
  await Promise.all(inputs.map(async input => {
    const bytes = Buffer.from(input, 'latin1')
    const redis = await oracle.exchange(bytes, 400)
    const what = JSON.stringify(input.length > 80 ? `${input.slice(0, 80)}… (${input.length})` : input)
    t.deepEqual(await guestAnswer(bytes), { bytes: redis.bytes.toString('latin1'), closed: redis.closed }, what)
  }))
})

test('however requests are cut into pieces, the answer is the same', async t => {
  for (const input of inputs.filter(each => each.length < 1000)) {
    const bytes = Buffer.from(input, 'latin1')
    const whole = await guestAnswer(bytes)
    const everyByte = Array.from(bytes, (_, i) => i)
    t.deepEqual(await guestAnswer(bytes, everyByte), whole, `byte by byte: ${JSON.stringify(input)}`)
    for (const cut of everyByte) t.deepEqual(await guestAnswer(bytes, [cut]), whole, `cut at ${cut}: ${JSON.stringify(input)}`)
  }
})

test('big and many arguments survive any cuts', async t => {
  const size = fc.oneof(fc.nat(40), fc.nat(70000), fc.constantFrom(32767, 32768, 32769, 65536, 262144, 300000))
  const sizes = fc.array(size, { minLength: 1, maxLength: 12 })
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })
  await fc.assert(fc.asyncProperty(sizes, cuts, fc.nat(255), async (lengths, fractions, fill) => {
    const values = lengths.map((length, i) => Buffer.alloc(length, fill + i))
    const pairs = values.flatMap((value, i) => [`key-${i}`, value])
    const reads = values.map((_, i) => request('GET', `key-${i}`))
    const input = Buffer.concat([request('MSET', ...pairs), ...reads])
    const answer = await guestAnswer(input, fractions.map(each => Math.floor(each * input.length)).sort((a, b) => a - b))
    const wanted = values.map(value => `$${value.length}\r\n${value.toString('latin1')}\r\n`).join('')
    t.is(answer.bytes, `+OK\r\n${wanted}`)
  }), { numRuns: 60, seed: 3 })
})
