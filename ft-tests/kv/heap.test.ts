import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import asc from 'assemblyscript/asc'
import fc from '../properties.ts'
import { builtinGuests } from '../../guest-images/catalogue.ts'
import { request } from './replies.ts'
import { boot, guestBytes } from './test-host.ts'

interface Heap {
  readonly memory: WebAssembly.Memory
  tryAllocate(size: number): number
  tryResize(block: number, size: number): number
  release(block: number): void
  used(): bigint
}

const guestImages = fileURLToPath(new URL('../../guest-images/', import.meta.url))

/** The library's heap alone, with so many pages at most. */
async function heap(pagesMax: number): Promise<Heap> {
  const entry = `export { tryAllocate, tryResize, release, used } from './lib/heap'`
  let module: Uint8Array | undefined
  const { error, stderr } = await asc.main(
    ['heap-test.ts', '--baseDir', guestImages, '--target', 'builtin', '--outFile', 'heap-test.wasm', '--maximumMemory', String(pagesMax)],
    {
      readFile: (name, base) => {
        if (name === 'heap-test.ts') return entry
        try {
          return readFileSync(join(base, name), 'utf8')
        } catch {
          return null
        }
      },
      writeFile: (name, content) => { if (name.endsWith('.wasm')) module = content as Uint8Array }
    })
  if (error !== null) throw new Error(stderr.toString())
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(module!)), { ft: { console_write: () => 0 } })
  return instance.exports as unknown as Heap
}

test('blocks are aligned, do not overlap, keep their content, and merge again when released', async t => {
  const action = fc.tuple(fc.constantFrom('allocate', 'allocate', 'release', 'resize'), fc.nat(1000),
    fc.oneof(fc.nat(64), fc.nat(2000), fc.nat(300_000)))
  const pages = 64
  const subject = await heap(pages)
  fc.assert(fc.property(fc.array(action, { minLength: 50, maxLength: 600, size: 'max' }), actions => {
    const blocks: { at: number, size: number, mark: number }[] = []
    const bytes = (): Uint8Array => new Uint8Array(subject.memory.buffer)
    let mark = 0
    const check = (block: { at: number, size: number, mark: number }, size: number): void => {
      const wrong = bytes().subarray(block.at, block.at + size).findIndex(byte => byte !== block.mark)
      if (wrong >= 0) throw new Error(`byte ${wrong} of a block of ${block.size} was overwritten`)
    }
    for (const [kind, pick, size] of actions) {
      const block = blocks[pick % Math.max(blocks.length, 1)]
      if (kind === 'allocate' || block === undefined) {
        const at = subject.tryAllocate(size)
        if (at === 0) continue
        if (at % 16 !== 0) throw new Error(`block at ${at}`)
        blocks.push({ at, size, mark: ++mark & 255 })
        bytes().fill(mark & 255, at, at + size)
        continue
      }
      check(block, block.size)
      blocks.splice(blocks.indexOf(block), 1)
      if (kind === 'release') {
        subject.release(block.at)
        continue
      }
      const at = subject.tryResize(block.at, size)
      if (at === 0) {
        blocks.push(block)
        continue
      }
      check({ ...block, at }, Math.min(size, block.size))
      blocks.push({ at, size, mark: block.mark })
      bytes().fill(block.mark, at, at + size)
    }
    for (const block of blocks) {
      check(block, block.size)
      subject.release(block.at)
    }
    if (subject.used() !== 0n) throw new Error(`${subject.used()} bytes are in use at the end`)
    // Everything has merged again: nearly all of the memory is one block.
    const whole = subject.tryAllocate((pages - 2) * 65536 * 0.9)
    if (whole === 0) throw new Error('the free blocks did not merge')
    subject.release(whole)
  }), { numRuns: 30, seed: 9 })
  t.pass()
})

test('no guest contains the managed runtime: there is no collector, and nothing else takes memory', async t => {
  for (const { name } of builtinGuests()) t.false((await guestBytes(name)).includes('~lib/rt/'), name)
})

test('when memory is full kv refuses what needs more and serves the rest', async t => {
  const machine = await boot('kv', { memoryPagesMax: 320 })
  const client = machine.connect(6379)
  const ask = (...args: (string | Buffer)[]): string => client.send(request(...args)).take().toString('latin1')
  const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n"
  let stored = 0
  while (stored < 10_000 && ask('SET', `key:${stored}`, Buffer.alloc(10_000)) === '+OK\r\n') stored++
  t.true(stored > 1000 && stored < 2000, `${stored} values of 10 kB in 20 MiB`)
  t.is(ask('SET', 'more', Buffer.alloc(10_000)), oom)
  t.is(ask('INCR', 'n'), oom)
  t.is(ask('GET', 'key:7').length, 10_010)
  t.is(ask('DEL', ...Array.from({ length: stored - 100 }, (_, i) => `key:${i}`)), `:${stored - 100}\r\n`)
  t.is(ask('SET', 'more', Buffer.alloc(10_000)), '+OK\r\n')
  t.is(ask('SETRANGE', 'long', '100000000', 'x'), oom)
  t.is(ask('APPEND', 'more', 'x'), ':10001\r\n')
  // A value that can never fit can't be skipped over: its client is closed, the others are not.
  const big = machine.connect(6379)
  t.is(big.send(request('SET', 'big', Buffer.alloc(40_000_000))).take().toString(), oom)
  t.true(big.guestEnded)
  t.is(ask('DBSIZE'), ':101\r\n')
})
