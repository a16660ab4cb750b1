import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import fc from '../properties.ts'
import { guestModule, realModules } from './corpus.ts'
import { HOSTILE } from './hostile-modules.ts'
import { disagreement, refusalOf } from './judge.ts'

const BYTES = 1_000_000
/** What V8 itself and our code take, and some 48 times the module. */
const HEAP_MIB = 56
/** Far above what any takes alone; a machine may be busy. */
const MS_MAX = 30_000

interface Judged {
  readonly name: string
  readonly bytes: number
  readonly ms: number
  readonly refusal: string
}

interface Ended extends Error {
  readonly stdout: string
  readonly stderr: string
}

test('a hostile module is judged in little memory and time: a small multiple of its bytes', async t => {
  const child = fileURLToPath(new URL('hostile-child.ts', import.meta.url))
  const flags = [`--max-old-space-size=${HEAP_MIB}`, '--max-semi-space-size=1']
  const ended = await promisify(execFile)(process.execPath, [...flags, child, String(BYTES)]).catch(error => error as Ended)
  const lines = ended.stdout.trim().split('\n').filter(line => line.endsWith('}'))
  const told = lines.map(line => JSON.parse(line) as Judged & { begins?: string })
  t.false(ended instanceof Error, `the child died at ${JSON.stringify(told.at(-1))}: ${ended.stderr.slice(0, 500)}`)
  const judged = new Map(told.filter(({ begins }) => begins === undefined).map(one => [one.name, one]))
  for (const { name, refused } of HOSTILE) {
    const { ms, refusal } = judged.get(name) as Judged
    if (refused === undefined) t.is(refusal, '', name)
    else t.regex(refusal, refused, name)
    t.true(ms < MS_MAX, `${name}: ${ms} ms`)
    t.true(refusal.length < 1000 && !refusal.includes('\n'), `${name}: one line`)
  }
})

test('what is accepted of hostile modules, both engines take', t => {
  for (const { name, make } of HOSTILE) t.is(disagreement(make(10_000)), undefined, name)
})

test('a guest cut at every offset', t => {
  const whole = guestModule('echo')
  let refused = 0
  for (let length = 0; length < whole.length; length++) {
    const cut = whole.subarray(0, length)
    t.is(disagreement(cut), undefined, `cut at ${length}`)
    if (refusalOf(cut) !== undefined) refused++
  }
  t.true(refused > 0.9 * whole.length)
})

test('every byte of a guest as the beginning of an integer that does not end, or is too long', t => {
  const whole = guestModule('busy')
  for (let at = 0; at < whole.length; at++) {
    const longer = whole.slice()
    longer[at] |= 0x80
    t.is(disagreement(longer), undefined, `byte ${at} goes on`)
    const endless = whole.slice()
    endless.fill(0xff, at, at + 11)
    t.is(disagreement(endless), undefined, `eleven bytes from ${at} go on`)
    t.is(disagreement(longer.subarray(0, at + 1)), undefined, `cut behind byte ${at} that goes on`)
  }
})

test('bytes of guests and suite modules changed, taken out, put in and repeated at random', t => {
  const modules = realModules()
  const change = fc.record({
    kind: fc.constantFrom('set', 'flip', 'delete', 'insert', 'repeat'), at: fc.nat(), length: fc.integer({ min: 1, max: 16 }),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff, 0x0b, 0x40, 0xfc, 0xfd)),
  })
  const changes = fc.array(change, { minLength: 1, maxLength: 3 })
  fc.assert(fc.property(fc.nat(), changes, (pick, list) => {
    const bytes = [...modules[pick % modules.length]]
    for (const { kind, at, length, value } of list) {
      const i = at % bytes.length
      if (kind === 'set') bytes[i] = value
      if (kind === 'flip') bytes[i] ^= 1 << (value % 8)
      if (kind === 'delete') bytes.splice(i, length)
      if (kind === 'insert') bytes.splice(i, 0, value)
      if (kind === 'repeat') bytes.splice(i, 0, ...bytes.slice(i, i + length))
    }
    t.is(disagreement(Uint8Array.from(bytes)), undefined)
  }), { numRuns: 3000 })
})
