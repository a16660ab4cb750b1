import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from '../properties.ts'
import { FileArbiter } from '../../shared-disk/file-arbiter.ts'
import { MemoryArbiter } from '../../shared-disk/memory-arbiter.ts'

test('down: requests fail and change nothing', async t => {
  const arbiter = new MemoryArbiter()
  arbiter.isDown = true
  await t.throwsAsync(arbiter.testAndSet('kv', 0, 'a'), { message: 'arbiter can not be reached' })
  arbiter.isDown = false
  t.deepEqual(arbiter.current('kv'), { term: 0, holder: '' })
  t.true((await arbiter.testAndSet('kv', 0, 'b')).won)
})

test('a lost reply: the set is done, and asking again with the same identity says so', async t => {
  const arbiter = new MemoryArbiter()
  arbiter.repliesToLose = 2
  await t.throwsAsync(arbiter.testAndSet('kv', 0, 'a'), { message: 'arbiter did not answer' })
  t.throws(() => arbiter.decide('kv', 0, 'b'), { message: 'arbiter did not answer' })
  t.deepEqual(arbiter.decide('kv', 0, 'b'), { won: false, term: 1, holder: 'a' })
  t.deepEqual(await arbiter.testAndSet('kv', 0, 'a'), { won: true, term: 1, holder: 'a' })
})

test('what can not be asked is refused', async t => {
  const arbiter = new MemoryArbiter()
  await t.throwsAsync(arbiter.testAndSet('a/b', 0, 'a'), { instanceOf: RangeError })
  await t.throwsAsync(arbiter.testAndSet('kv', -1, 'a'), { instanceOf: RangeError })
})

test('files and memory give the same answers to the same requests', async t => {
  const request = fc.record({ vm: fc.constantFrom('kv', 'web'), fromTerm: fc.nat(5), holder: fc.constantFrom('a', 'b', 'c') })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 30 }), async requests => {
      const directory = await mkdtemp(join(tmpdir(), 'ft-arbiter-'))
      try {
        const memory = new MemoryArbiter()
        const files = await FileArbiter.open(directory)
        for (const { vm, fromTerm, holder } of requests) {
          const told = await files.testAndSet(vm, fromTerm, holder).catch((error: Error) => error.message)
          t.deepEqual(told, await memory.testAndSet(vm, fromTerm, holder).catch((error: Error) => error.message))
        }
      } finally {
        await rm(directory, { recursive: true })
      }
    }),
    { numRuns: 40 }
  )
})
