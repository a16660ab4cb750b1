/**
 * How long a snapshot pauses a guest of the V8 engine, and what encoding, decoding and restoring it take beside it.
 * `npm run bench:snapshot -- --help`
 */
import wabt from 'wabt'
import { crc32 } from 'node:zlib'
import { commandLine } from '../hypervisor/cli/command-line.ts'
import type { Engine } from '../hypervisor/machine/engine.ts'
import type { EngineState } from '../hypervisor/machine/engine-state.ts'
import { SnapshotDecoder } from '../hypervisor/machine/snapshot-decoder.ts'
import { SnapshotEncoder } from '../hypervisor/machine/snapshot-encoder.ts'
import { SnapshotRoom } from '../hypervisor/machine/snapshot-room.ts'
import { createV8Engine } from '../hypervisor/v8/engine.ts'
import { positive } from './option-values.ts'

type Flags = { readonly mebibytes: number, readonly rounds: number, readonly json: boolean }

const PAGES_PER_MEBIBYTE = 16
const image = 'bench'

commandLine('npm run bench:snapshot --')
  .description('Pause of a guest while its snapshot is taken, in milliseconds of wall time; every page of its memory is in use.')
  .addOption(positive('--mebibytes <n>', 'memory of the guest').default(64))
  .addOption(positive('--rounds <n>', 'snapshots taken').default(200))
  .option('--json', 'print one line of JSON', false)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`bench:snapshot: ${(error as Error).message}\n`)
    process.exitCode = 1
  })

async function main({ mebibytes, rounds, json }: Flags): Promise<void> {
  const pages = mebibytes * PAGES_PER_MEBIBYTE
  const make = await guestOf(pages)
  const engine = make()
  const memory = engine.memory()
  for (let at = 0; at < memory.length; at += 512) memory[at] = (at >> 9) | 1
  const room = new SnapshotRoom()
  const prepare = until(() => room.prepare(memory.length))
  const pause = Array.from({ length: rounds }, () => timed(() => engine.snapshot(room.bytes)))
  const withoutRoom = Array.from({ length: Math.min(rounds, 10) }, () => timed(() => engine.snapshot()))
  const restored = make()
  const { encode, decode, state, bytes } = carry(engine.snapshot(room.bytes), pages, restored)
  const restore = timed(() => { restored.restore(state) })
  const report = {
    mebibytes, rounds, pause: figures(pause), pauseWithoutRoom: figures(withoutRoom), prepareSlice: figures(prepare),
    encodeSlice: figures(encode), encodeMs: sum(encode), decodePiece: figures(decode), decodeMs: sum(decode),
    restoreMs: rounded(restore), bytes
  }
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : text(report))
}

/** Makes engines whose guest has a memory of `pages` pages, never grown. */
async function guestOf(pages: number) {
  const source = `(module (memory (export "memory") ${pages} ${pages})
    (func (export "ft_start")) (func (export "ft_interrupt") (param i32)))`
  const { buffer } = (await wabt()).parseWat('bench.wat', source).toBinary({})
  return () => createV8Engine(buffer, {}, { memoryPagesMax: pages })
}

/** Through the snapshot's bytes and back, each step timed. */
function carry(engine: EngineState, memoryPagesMax: number, to: Engine) {
  const encoder = new SnapshotEncoder({ engine, devices: new Uint8Array(0) }, image, crc32)
  const decoder = new SnapshotDecoder({ image, memoryPagesMax }, crc32, (length) => to.restoreRoom(length))
  const decode: number[] = []
  let bytes = 0
  let pending: Uint8Array = new Uint8Array(0)
  const encode = until(() => {
    const chunk = encoder.next()
    if (chunk === undefined) return true
    bytes += chunk.length
    pending = chunk
    return false
  }, () => decode.push(timed(() => { decoder.push(pending) })))
  return { encode, decode, bytes, state: decoder.result().engine }
}

/** Times of every slice up to the one that says it was the last; `between` runs after each of the others. */
function until(slice: () => boolean, between: () => unknown = () => {}): number[] {
  const times: number[] = []
  for (let done = false; !done;) {
    times.push(timed(() => { done = slice() }))
    if (!done) between()
  }
  return times
}

function timed(work: () => unknown): number {
  const started = performance.now()
  work()
  return performance.now() - started
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100
const sum = (times: readonly number[]): number => rounded(times.reduce((total, ms) => total + ms, 0))

type Figures = { readonly p50: number, readonly p99: number, readonly max: number }

function figures(times: readonly number[]): Figures {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))])
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

function text(report: Readonly<Record<string, number | Figures>>): string {
  const lines = Object.entries(report).map(([name, value]) => {
    const shown = typeof value === 'number' ? `${value}` : `p50 ${value.p50} ms, p99 ${value.p99} ms, max ${value.max} ms`
    return `${name.padEnd(18)} ${shown}\n`
  })
  return lines.join('')
}
