import test from 'ava'
import type { Call } from './resp-client.ts'
import { checkValue, noFindings } from './value-checks.ts'

type Word = readonly [command: string, output?: number | string]

/** Calls one after the other, a client each or as said (`c2.INCR`); without an output they are pending. */
function findings(key: string, words: readonly Word[], final: string | null) {
  const calls = words.map(([command, output], i): Call => {
    const [op, value = ''] = command.split(' ') as ['INCR' | 'SET' | 'APPEND', string?]
    const client = Number(/^c(\d+)\./.exec(value)?.[1] ?? i)
    const input = op === 'INCR' ? { op, key } : { op, key, value }
    return { client, input, output, invoke: 2 * i, return: output === undefined ? Infinity : 2 * i + 1 }
  })
  const found = noFindings()
  checkValue(found, key, calls, final)
  const { lostAcknowledged, duplicated, impossible } = found
  return [lostAcknowledged, duplicated, impossible]
}

test('counter: lost and repeated increments', (t) => {
  const one = (output: number | undefined): Word => (output === undefined ? ['INCR'] : ['INCR', output])
  const incr = (...outputs: (number | undefined)[]): Word[] => outputs.map(one)
  t.deepEqual(findings('counter:1', [], null), [0, 0, 0])
  t.deepEqual(findings('counter:1', incr(1, 2, 3), '3'), [0, 0, 0])
  t.deepEqual(findings('counter:1', incr(1, 2, undefined), '2'), [0, 0, 0])
  t.deepEqual(findings('counter:1', incr(1, undefined, 3), '3'), [0, 0, 0])
  t.deepEqual(findings('counter:1', incr(1, 2, 3), '2'), [1, 0, 0])
  t.deepEqual(findings('counter:1', incr(1, 2, 3), null), [3, 0, 0])
  t.deepEqual(findings('counter:1', incr(1, 2, 2, 3), '3'), [1, 0, 0])
  t.deepEqual(findings('counter:1', incr(1, 3, 4), '4'), [0, 1, 0])
  t.deepEqual(findings('counter:1', incr(1, 2), '3'), [0, 1, 0])
  t.deepEqual(findings('counter:1', incr(1, undefined), '3'), [0, 1, 0])
  // One lost and one made twice don't cancel out.
  t.deepEqual(findings('counter:1', incr(1, 1, 3), '3'), [1, 1, 0])
  t.deepEqual(findings('counter:1', incr(1), 'x'), [0, 0, 1])
})

test('list: lost, repeated, misplaced and foreign tokens', (t) => {
  const two: Word[] = [['APPEND c1.1;', 5], ['APPEND c2.2;', 10]]
  t.deepEqual(findings('list:1', [], null), [0, 0, 0])
  t.deepEqual(findings('list:1', two, 'c1.1;c2.2;'), [0, 0, 0])
  t.deepEqual(findings('list:1', two, 'c1.1;'), [1, 0, 0])
  t.deepEqual(findings('list:1', two, null), [2, 0, 0])
  t.deepEqual(findings('list:1', two, 'c1.1;c2.2;c2.2;'), [0, 1, 0])
  t.deepEqual(findings('list:1', two, 'c2.2;c1.1;'), [0, 0, 2])
  t.deepEqual(findings('list:1', two, 'c1.1;c2.2;c9.9;'), [0, 0, 1])
  t.deepEqual(findings('list:1', two, 'c1.1;c2.2;x'), [0, 0, 1])
  t.deepEqual(findings('list:1', [['APPEND c1.1;'], ['APPEND c1.2;']], 'c1.1;'), [0, 0, 0])
  t.deepEqual(findings('list:1', [['APPEND c1.1;'], ['APPEND c1.2;']], 'c1.2;c1.1;'), [0, 0, 1])
})

test('register: the last acknowledged write stands, or one that may have come after it', (t) => {
  t.deepEqual(findings('register:1', [], null), [0, 0, 0])
  t.deepEqual(findings('register:1', [['SET a', 'OK'], ['SET b', 'OK']], 'b'), [0, 0, 0])
  t.deepEqual(findings('register:1', [['SET a', 'OK'], ['SET b', 'OK']], 'a'), [1, 0, 0])
  t.deepEqual(findings('register:1', [['SET a'], ['SET b', 'OK']], 'a'), [0, 0, 0])
  t.deepEqual(findings('register:1', [['SET a', 'OK']], null), [1, 0, 0])
  t.deepEqual(findings('register:1', [['SET a', 'OK']], 'z'), [0, 0, 1])
})
