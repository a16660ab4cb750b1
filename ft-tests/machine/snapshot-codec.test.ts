import test from 'ava'
import fc from '../properties.ts'
import { crc32 } from '../../logging-channel/crc32.ts'
import { SnapshotDecoder } from '../../hypervisor/machine/snapshot-decoder.ts'
import { SnapshotEncoder } from '../../hypervisor/machine/snapshot-encoder.ts'
import { SnapshotError } from '../../hypervisor/machine/snapshot-error.ts'
import { SNAPSHOT_VERSION, type MachineSnapshot } from '../../hypervisor/machine/snapshot-format.ts'

const page = 65536
const image = '0123456789abcdef'

function chunks(snapshot: MachineSnapshot, of = image): Uint8Array[] {
  const encoder = new SnapshotEncoder(snapshot, of, crc32)
  const all: Uint8Array[] = []
  for (let chunk = encoder.next(); chunk !== undefined; chunk = encoder.next()) all.push(chunk)
  return all
}

const encode = (snapshot: MachineSnapshot): Uint8Array => Buffer.concat(chunks(snapshot))

function decode(bytes: Uint8Array, memoryPagesMax = 100): MachineSnapshot {
  const decoder = new SnapshotDecoder({ image, memoryPagesMax }, crc32)
  decoder.push(bytes)
  return decoder.result()
}

const words = fc.uint32Array({ maxLength: 40 }).map((list) => new Uint32Array(list))
const bytes = fc.uint8Array({ maxLength: 60 }).map((list) => new Uint8Array(list))
/** Up to six pages, most of them zero, some with a byte somewhere. */
const memory = fc.tuple(fc.nat(6), fc.array(fc.tuple(fc.nat(6 * page - 1), fc.integer({ min: 1, max: 255 })), { maxLength: 8 }))
  .map(([pages, pokes]) => {
    const all = new Uint8Array(pages * page)
    for (const [at, value] of pokes) if (at < all.length) all[at] = value
    return all
  })
const snapshots: fc.Arbitrary<MachineSnapshot> = fc.record({
  devices: bytes,
  engine: fc.tuple(
    fc.record({
      ticks: fc.maxSafeNat(), globals: words, tables: fc.array(words, { maxLength: 3 }),
      droppedData: bytes, droppedElements: bytes, memory
    }),
    fc.option(bytes)
  ).map(([state, frames]) => (frames === null ? state : { ...state, frames }))
})

/** AVA compares large arrays slowly. */
function equal(a: MachineSnapshot, b: MachineSnapshot): boolean {
  const flat = ({ engine, devices }: MachineSnapshot): (Uint8Array | Uint32Array)[] =>
    [devices, engine.memory, engine.globals, engine.droppedData, engine.droppedElements, engine.frames ?? devices, ...engine.tables]
  const [x, y] = [flat(a), flat(b)]
  return a.engine.ticks === b.engine.ticks && (a.engine.frames === undefined) === (b.engine.frames === undefined) &&
    x.length === y.length && x.every((list, i) => list.length === y[i]!.length && Buffer.from(list).equals(Buffer.from(y[i]!)))
}

test('what is encoded decodes to the same, in pieces of any size', (t) => {
  fc.assert(fc.property(snapshots, fc.array(fc.integer({ min: 1, max: 3 * page })), (snapshot, cuts) => {
    const whole = encode(snapshot)
    const decoder = new SnapshotDecoder({ image, memoryPagesMax: 6 }, crc32)
    let at = 0
    for (const cut of [...cuts, whole.length]) {
      decoder.push(whole.subarray(at, at + cut))
      at += cut
    }
    t.true(decoder.complete)
    t.true(equal(decoder.result(), snapshot))
  }), { numRuns: 100 })
})

const sample: MachineSnapshot = {
  devices: Uint8Array.of(1, 2, 3),
  engine: {
    ticks: 2 ** 40 + 1, globals: Uint32Array.of(7, 0xffffffff), tables: [Uint32Array.of(0, 3), new Uint32Array(0)],
    droppedData: Uint8Array.of(1), droppedElements: new Uint8Array(0),
    memory: new Uint8Array(3 * page).fill(9, 2 * page - 5, 2 * page + 5)
  }
}

test('damaged or cut bytes are always refused, in one line', (t) => {
  const whole = encode(sample)
  const refused = (damaged: Uint8Array): void => {
    const error = t.throws(() => void decode(damaged), { instanceOf: SnapshotError })
    t.false(error.message.includes('\n'))
  }
  fc.assert(fc.property(fc.nat(whole.length - 1), fc.nat(7), (at, bit) => {
    const damaged = whole.slice()
    damaged[at]! ^= 1 << bit
    refused(damaged)
  }), { numRuns: 300 })
  fc.assert(fc.property(fc.nat(whole.length - 1), (length) => refused(whole.subarray(0, length))), { numRuns: 100 })
  refused(Buffer.concat([whole, Uint8Array.of(0)]))
})

test('chunks that are missing, twice, out of order or of another snapshot are refused', (t) => {
  const own = chunks(sample)
  const other = chunks({ ...sample, devices: Uint8Array.of(1, 2, 4) })
  t.true(own.length >= 6)
  const refused = (list: readonly Uint8Array[]): unknown =>
    t.throws(() => void decode(Buffer.concat(list)), { instanceOf: SnapshotError })
  own.forEach((chunk, i) => {
    refused(own.toSpliced(i, 1))
    refused(own.toSpliced(i, 0, chunk))
  })
  for (let i = 0; i + 1 < own.length; i++) refused(own.toSpliced(i, 2, own[i + 1]!, own[i]!))
  refused(own.with(4, other[4]!))
})

test('zeroes take no bytes, and a slice never looks far', (t) => {
  const big = { ...sample, engine: { ...sample.engine, memory: new Uint8Array(512 * page) } }
  big.engine.memory[300 * page] = 1
  const all = chunks(big)
  t.true(Buffer.concat(all).length < 2 * page)
  t.true(all.length >= 8, 'at most 4 MiB a slice')
  t.true(all.every((chunk) => chunk.length <= 1024 * 1024 + 64))
  t.true(equal(decode(Buffer.concat(all), 512), big))
})

test('progress goes from nothing to all', (t) => {
  const encoder = new SnapshotEncoder(sample, image, crc32)
  t.is(encoder.doneBytes, 0)
  while (encoder.next() !== undefined) t.true(encoder.doneBytes <= encoder.totalBytes)
  t.is(encoder.doneBytes, encoder.totalBytes)
})

test('another version, image or limit is refused by name', (t) => {
  const versioned = encode(sample)
  versioned[4]! = SNAPSHOT_VERSION + 1
  const says = (bytes: Uint8Array, message: string | RegExp, pagesMax?: number): unknown =>
    t.throws(() => void decode(bytes, pagesMax), { instanceOf: SnapshotError, message })
  says(versioned, `snapshot version ${SNAPSHOT_VERSION + 1}, this release reads version ${SNAPSHOT_VERSION}`)
  says(Buffer.concat(chunks(sample, 'ffff')), `the snapshot is of image ffff, this machine's is ${image}`)
  says(encode(sample), /196608 bytes of memory, at most 131072/, 2)
  says(Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'this is no snapshot of ft-run, or it is damaged')
})
