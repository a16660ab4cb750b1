import test from 'ava'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { checksumIn, KERNEL_PAGES_MAX, kernels, loadKernel } from '../../bench/kernels/catalogue.ts'
import type { Kernel, Work } from '../../bench/kernels/catalogue.ts'
import { v8Fixture as fixture } from '../engines/guest-fixture.ts'

/** What a kernel computes, said in another way. */
const KNOWN: Readonly<Record<string, (size: number) => number>> = {
  sieve: (size) => size * 6542, // primes below 2^16
  fib: (size) => Math.round(((1 + Math.sqrt(5)) / 2) ** size / Math.sqrt(5)),
  collatz: longestCollatz,
  crc32: (size) => crc32(residues(size)),
  sha256: (size) => createHash('sha256').update(residues(size)).digest().readInt32BE(0)
}

function longestCollatz(size: number): number {
  const length = (n: number): number => {
    let terms = 1
    for (; n !== 1; terms++) n = n % 2 === 0 ? n / 2 : 3 * n + 1
    return terms
  }
  const lengths = Array.from({ length: size - 1 }, (_, i) => length(i + 1))
  const longest = lengths.reduce((best, each) => Math.max(best, each))
  return (lengths.indexOf(longest) + 1) * 1000 + longest
}

function residues(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i % 251)
}

const works = ({ small, large }: Kernel): readonly Work[] => [small, large]

test('checksums are the ones that other programs compute', (t) => {
  for (const [name, compute] of Object.entries(KNOWN)) {
    const kernel = kernels().find((each) => each.name === name)!
    for (const { size, checksum } of works(kernel)) t.is(compute(size) | 0, checksum, name)
  }
})

test('kernels have names of their own, and there are enough of each kind', (t) => {
  t.is(new Set(kernels().map(({ name }) => name)).size, kernels().length)
  t.true(kernels().filter(({ kind }) => kind === 'integer').length >= 12)
  t.true(kernels().filter(({ kind }) => kind === 'float').length >= 4)
})

for (const kernel of kernels()) {
  test(`${kernel.name} is a guest with the checksum that the catalogue says, again and again`, async (t) => {
    const { engine, call } = fixture(await loadKernel(kernel), { memoryPagesMax: KERNEL_PAGES_MAX })
    t.deepEqual(await call(0, undefined, 'ft_start'), { kind: 'idle' })
    for (const { size, checksum } of [kernel.small, kernel.large, kernel.small]) {
      t.deepEqual(await call(size), { kind: 'idle' })
      t.is(checksumIn(engine.memory()), checksum)
    }
  })
}
