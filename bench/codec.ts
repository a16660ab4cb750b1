/**
 * What the logging channel's codec costs: nanoseconds an entry and a frame, checksum included.
 * `node bench/codec.ts [--json]`
 */
import { crc32 as zlibCrc32 } from 'node:zlib'
import { parseArgs } from 'node:util'
import { crc32 } from '../logging-channel/crc32.ts'
import type { Checksum } from '../logging-channel/crc32.ts'
import { Kind, Reached } from '../logging-channel/entries.ts'
import type { LogEntry } from '../logging-channel/entries.ts'
import { FrameDecoder } from '../logging-channel/frame-decoder.ts'
import { MessageEncoder } from '../logging-channel/message-encoder.ts'
import type { LogFrame } from '../logging-channel/messages.ts'

const ROUNDS = 9
const ROUND_MS = 60
const FRAME_ENTRIES = [1, 5, 20, 60]

type Row = {
  readonly checksum: string
  readonly entries: number
  readonly bytes: number
  readonly encodeNs: number
  readonly decodeNs: number
}

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const rows = FRAME_ENTRIES.flatMap(entries => [measure('zlib', zlibCrc32, entries), measure('pure', crc32, entries)])
print(rows)

/** The mix of a key/value service: a request, its interrupt, clock read, outputs, progress. */
function sampleFrame(count: number): LogFrame {
  const mix: LogEntry[] = [
    { kind: Kind.netData, conn: 2, bytes: new Uint8Array(60).fill(65) },
    { kind: Kind.interrupt, causes: 1, tick: 5_000_000_000 },
    { kind: Kind.clock, clock: 0, us: 1_790_000_000_000_000 },
    { kind: Kind.outputMark, count: 2, bytes: 35, checksum: 0xdeadbeef },
    { kind: Kind.progress, tick: 5_000_000_400, reached: Reached.idle }
  ]
  const entries = Array.from({ length: count }, (_, index) => mix[index % mix.length])
  return { type: 'log', term: 1, seq: 1_000_000, outputsDelivered: 900_000, entries }
}

function measure(name: string, checksum: Checksum, count: number): Row {
  const frame = sampleFrame(count)
  const encoder = new MessageEncoder({ checksum })
  let decoded = 0
  const decoder = new FrameDecoder({ checksum, onMessage: () => decoded++ })
  const bytes = encoder.encode(frame).slice()
  const encodeNs = nanoseconds(() => encoder.encode(frame))
  const decodeNs = nanoseconds(() => decoder.push(bytes))
  if (decoded === 0) throw new Error('nothing was decoded')
  return { checksum: name, entries: count, bytes: bytes.length, encodeNs, decodeNs }
}

/** Median over rounds of the time of one call. */
function nanoseconds(call: () => void): number {
  const results = Array.from({ length: ROUNDS }, () => {
    const start = process.hrtime.bigint()
    let calls = 0
    let elapsed = 0n
    while (elapsed < BigInt(ROUND_MS) * 1_000_000n) {
      for (let batch = 0; batch < 500; batch++) call()
      calls += 500
      elapsed = process.hrtime.bigint() - start
    }
    return Number(elapsed) / calls
  })
  return results.sort((a, b) => a - b)[ROUNDS >> 1]
}

function print(all: readonly Row[]): void {
  if (options.json) {
    console.log(JSON.stringify({ node: process.version, rows: all }))
    return
  }
  console.log('checksum  entries  bytes  encode ns/frame  ns/entry  decode ns/frame  ns/entry')
  for (const row of all) {
    const cells = [
      row.checksum.padEnd(8),
      String(row.entries).padStart(7),
      String(row.bytes).padStart(5),
      row.encodeNs.toFixed(0).padStart(15),
      (row.encodeNs / row.entries).toFixed(1).padStart(8),
      row.decodeNs.toFixed(0).padStart(15),
      (row.decodeNs / row.entries).toFixed(1).padStart(8)
    ]
    console.log(cells.join('  '))
  }
}
