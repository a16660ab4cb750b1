/** Every message and entry there can be, for fast-check. */
import fc from '../properties.ts'
import { ControlOperation, Reached } from '../../logging-channel/entries.ts'
import type { LogEntry } from '../../logging-channel/entries.ts'
import type { ChannelMessage, LogFrame } from '../../logging-channel/messages.ts'
import { CHANNEL_VERSION } from '../../logging-channel/messages.ts'

const u8 = fc.integer({ min: 0, max: 0xff })
const u16 = fc.integer({ min: 0, max: 0xffff })
const u32 = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff))
const u64 = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(),
  fc.constantFrom(0xffffffff, 0x100000000, 0x100000001, Number.MAX_SAFE_INTEGER)
)
const bytes = fc.uint8Array({ maxLength: 200 }).map(value => new Uint8Array(value))
// Whole code points, so that no lone surrogate is made; a BOM first, because decoders like to eat it.
const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('', '\uFEFFx', '[::1]:7000', '𝔽𝕋'))

/** The fields of every kind, by name. */
export const entryArbitraries: { readonly [name: string]: fc.Arbitrary<LogEntry> } = {
  clock: fc.record({ kind: fc.constant(1 as const), clock: fc.constantFrom(0 as const, 1 as const), us: u64 }),
  entropy: fc.record({ kind: fc.constant(2 as const), bytes }),
  timer: fc.record({ kind: fc.constant(3 as const), timer: u8 }),
  netOpen: fc.record({ kind: fc.constant(4 as const), conn: u32, port: u16, peer: text }),
  netData: fc.record({ kind: fc.constant(5 as const), conn: u32, bytes }),
  netEnd: fc.record({ kind: fc.constant(6 as const), conn: u32 }),
  netReset: fc.record({ kind: fc.constant(7 as const), conn: u32 }),
  netWindow: fc.record({ kind: fc.constant(8 as const), conn: u32, bytes: u32 }),
  netConnected: fc.record({ kind: fc.constant(9 as const), conn: u32 }),
  console: fc.record({ kind: fc.constant(10 as const), bytes }),
  control: fc.record({ kind: fc.constant(11 as const), operation: fc.constantFrom(...Object.values(ControlOperation)) }),
  interrupt: fc.record({ kind: fc.constant(12 as const), causes: u32, tick: u64 }),
  outputMark: fc.record({ kind: fc.constant(13 as const), count: u32, bytes: u64, checksum: u32 }),
  progress: fc.record({ kind: fc.constant(14 as const), tick: u64, reached: fc.constantFrom(...Object.values(Reached)) }),
  stateHash: fc.record({ kind: fc.constant(15 as const), tick: u64, firstPage: u32, hash: u32, pageHashes: bytes }),
  protectedMark: fc.record({ kind: fc.constant(16 as const), term: u32, replica: text })
}

export const entry: fc.Arbitrary<LogEntry> = fc.oneof(...Object.values(entryArbitraries))

export const logFrame: fc.Arbitrary<LogFrame> = fc.record({
  type: fc.constant('log' as const),
  term: u32,
  seq: u64,
  outputsDelivered: u64,
  entries: fc.array(entry, { maxLength: 20 })
})

export const message: fc.Arbitrary<ChannelMessage> = fc.oneof(
  { weight: 4, arbitrary: logFrame },
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.constant(CHANNEL_VERSION),
    role: fc.constantFrom('primary' as const, 'backup' as const),
    vm: text,
    replica: text,
    image: text,
    runtime: text,
    term: u32,
    begins: fc.constantFrom('boot' as const, 'snapshot' as const)
  }),
  fc.record({ type: fc.constant('ack' as const), term: u32, ackedSeq: u64, replayedSeq: u64 }),
  fc.record({ type: fc.constant('heartbeat' as const), term: u32, outputsDelivered: u64 }),
  fc.record({ type: fc.constant('goodbye' as const), reason: text }),
  fc.record({ type: fc.constant('snapshot' as const), term: u32, seq: u64, offset: u64, done: u64, total: u64, last: fc.boolean(), bytes }),
  fc.record({ type: fc.constant('snapshotAck' as const), term: u32, seq: u64, received: u64 }),
  fc.record({ type: fc.constant('retire' as const), term: u32, reason: text }),
  fc.record({ type: fc.constant('diverged' as const), term: u32, seq: u64, reason: text }),
  fc.record({ type: fc.constant('pause' as const), term: u32, forMs: u32 })
)

/** Cuts `bytes` into pieces at the given places (fractions of its length). */
export function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map(cut => Math.floor(cut * bytes.length)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end))
}

export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 })

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces))
}
