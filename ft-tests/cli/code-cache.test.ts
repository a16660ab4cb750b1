import test from 'ava'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareCached } from '../../hypervisor/host/code-cache.ts'
import { prepareV8 } from '../../hypervisor/v8/prepare.ts'
import { assembleGuest } from '../wasm/assemble.ts'

const limits = { memoryPagesMax: 64 }
const image = assembleGuest({ interrupt: '(loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))' })

function directory(t: { teardown: (work: () => void) => void }): string {
  const path = mkdtempSync(join(tmpdir(), 'code-cache-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

test('what is kept is what was prepared, places included', (t) => {
  const at = directory(t)
  const first = prepareCached(image, limits, at)
  const second = prepareCached(image, limits, at)
  t.deepEqual([first.cache, second.cache], ['miss', 'hit'])
  const { bytes, shape, places } = prepareV8(image, limits)
  for (const { guest } of [first, second]) {
    t.deepEqual(Buffer.from(guest.bytes), Buffer.from(bytes))
    t.deepEqual(guest.shape, shape)
    const offsets = Array.from(bytes, (_, offset) => offset)
    t.deepEqual(offsets.map((offset) => guest.places.lookup(offset)), offsets.map((offset) => places.lookup(offset)))
  }
})

test('another limit or image has an entry of its own; without a directory nothing is kept', (t) => {
  const at = directory(t)
  prepareCached(image, limits, at)
  t.is(prepareCached(image, { memoryPagesMax: 65 }, at).cache, 'miss')
  t.is(prepareCached(assembleGuest({}), limits, at).cache, 'miss')
  t.is(readdirSync(at).length, 3)
  t.is(prepareCached(image, limits, undefined).cache, 'none')
})

test('a damaged entry is never run: it is prepared and written anew', (t) => {
  const at = directory(t)
  prepareCached(image, limits, at)
  const [name] = readdirSync(at)
  const path = join(at, name!)
  const whole = readFileSync(path)
  for (const damaged of [whole.with(whole.length - 1, whole.at(-1)! ^ 1), whole.subarray(0, 40), Buffer.alloc(0)]) {
    writeFileSync(path, damaged)
    t.is(prepareCached(image, limits, at).cache, 'damaged')
    t.is(prepareCached(image, limits, at).cache, 'hit')
  }
  t.deepEqual(readdirSync(at), [name!])
})

test('a directory that can not be used keeps no replica from starting', (t) => {
  const { guest, cache } = prepareCached(image, limits, join(directory(t), 'missing'))
  t.is(cache, 'unusable')
  t.deepEqual(Buffer.from(guest.bytes), Buffer.from(prepareV8(image, limits).bytes))
})
