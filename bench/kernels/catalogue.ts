/** The kernels: small real programs, each a guest of ABI `ft` that does its work in `ft_interrupt(size)`. */
import { kernelModule } from './build.ts'

export interface Kernel {
  /** Also the name of its source, `assembly/NAME.ts`. */
  readonly name: string
  readonly description: string
  /** A float kernel's time goes into float arithmetic, so that it pays for canonical NaNs. */
  readonly kind: 'integer' | 'float'
  readonly simd: boolean
  /** About 10 ms on plain V8. */
  readonly large: Work
  /** About 1 ms on plain V8, for engines that are many times slower. */
  readonly small: Work
}

/** An amount of work, and what it must come to: the i32 at `CHECKSUM_AT` afterwards, which `run(size)` also returns. */
export interface Work {
  readonly size: number
  readonly checksum: number
}

/** Where `ft_interrupt` leaves the checksum. */
export const CHECKSUM_AT = 16

/** Pages of 64 KiB that are enough for every kernel. */
export const KERNEL_PAGES_MAX = 256

const KERNELS: readonly Kernel[] = [
  integer('sieve', 'byte array, nested loops', [80, 523360], [8, 52336]),
  integer('xorshift', '64-bit integers', [3_000_000, -305128801], [300_000, -546572330]),
  integer('collatz', '64-bit loop with an unforeseeable branch', [80_000, 77031351], [10_000, 6171262]),
  integer('fib', 'recursion', [33, 3524578], [28, 317811]),
  integer('tak', 'deep recursion, several arguments', [1000, 6590000], [100, 658984]),
  integer('indirect', 'calls through a table', [3_000_000, 504127982], [300_000, -1881162258]),
  integer('vm', 'a bytecode machine: br_table', [200_000, 1244818990], [20_000, -1460751634]),
  integer('hashmap', 'open hash table of 64-bit keys', [500_000, 1808179453], [50_000, -1579711368]),
  integer('quicksort', 'recursive sort of an array', [150_000, -1095463702], [18_000, 1248983781]),
  integer('search', 'string search', [250_000, -122901996], [32_000, -1233394820]),
  integer('base64', 'shuffling of bytes', [800, 788990768], [80, 1041180267]),
  integer('bytes', 'moving bytes, bulk memory', [1800, -1189017756], [180, -680742722]),
  integer('crc32', 'checksum by table', [2_000_000, -848937117], [200_000, -1488600763]),
  integer('sha256', 'hash function', [1_000_000, 738397513], [150_000, 40328185]),
  integer('coremark', 'list, matrix, state machine', [1200, 36647], [120, 17948]),
  integer('objects', 'objects made and collected', [500, 1349331565], [50, -441847821]),
  simd(integer('blend', 'SIMD on bytes', [4000, -2119566674], [400, -1240167755])),
  float('matmul', 'product of matrices, f64', [224, 1321729517], [104, 873812399]),
  float('nbody', 'planets, f64', [120_000, 1642502721], [12_000, -2031056146]),
  float('mandelbrot', 'f64 in a short loop', [500, -1921412932], [150, 1057520807]),
  float('fir', 'digital filter, f32', [120, -1179725001], [12, -877127526]),
  simd(float('dot', 'SIMD on floats', [18_000, -1677437568], [1800, 409383588])),
]

type Pair = readonly [size: number, checksum: number]

function integer(name: string, description: string, large: Pair, small: Pair): Kernel {
  const work = ([size, checksum]: Pair): Work => ({ size, checksum })
  return { name, description, kind: 'integer', simd: false, large: work(large), small: work(small) }
}

function float(name: string, description: string, large: Pair, small: Pair): Kernel {
  return { ...integer(name, description, large, small), kind: 'float' }
}

function simd(kernel: Kernel): Kernel {
  return { ...kernel, simd: true }
}

/** Every kernel, the integer ones first. */
export const kernels = (): readonly Kernel[] => KERNELS

/** The kernel's module, compiled when it has to be. It imports nothing. */
export const loadKernel = ({ name }: Kernel): Promise<Uint8Array<ArrayBuffer>> => kernelModule(name)

/** What a run left behind, from the guest's memory. */
export function checksumIn(memory: Uint8Array): number {
  return new DataView(memory.buffer, memory.byteOffset).getInt32(CHECKSUM_AT, true)
}
