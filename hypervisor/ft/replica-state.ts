/**
 * What a snapshot holds besides the machine: the replica's own state that a new backup needs to be as if it had been there
 * from boot. Layout: u64 last monotonic and wall reading, u8 timers {u8 number, u64 µs left}, u64 first output, u32 outputs
 * {as on the switch link}. All little-endian.
 */
import { decodeOutput, encodeOutput, OUTPUT_SIZE_MIN, outputSize } from '../switch/output-codec.ts'
import { Reader, Writer } from '../switch/wire.ts'
import type { OutputRange } from './held-outputs.ts'

export type ReplicaState = {
  readonly clocks: { readonly monotonicUs: number; readonly wallUs: number }
  /** Guest timers under way, with the microseconds that are left of each. */
  readonly timers: readonly { readonly timer: number; readonly leftUs: number }[]
  /** Outputs that the switch is not known to have: whoever takes over sends them again. */
  readonly outputs: OutputRange
}

const fixedBytes = 16 + 1 + 8 + 4
const timerBytes = 9

export function encodeReplicaState({ clocks, timers, outputs }: ReplicaState): Uint8Array {
  const size = outputs.outputs.reduce((sum, output) => sum + outputSize(output), fixedBytes + timers.length * timerBytes)
  const writer = new Writer(size)
  writer.u64(clocks.monotonicUs)
  writer.u64(clocks.wallUs)
  writer.u8(timers.length)
  for (const { timer, leftUs } of timers) {
    writer.u8(timer)
    writer.u64(leftUs)
  }
  writer.u64(outputs.first)
  writer.u32(outputs.outputs.length)
  for (const output of outputs.outputs) encodeOutput(writer, output)
  return writer.bytes
}

/** @throws Error if the bytes are not exactly one such state */
export function decodeReplicaState(bytes: Uint8Array): ReplicaState {
  const reader = new Reader(bytes)
  const clocks = { monotonicUs: reader.u64(), wallUs: reader.u64() }
  const timers = Array.from({ length: reader.u8() }, () => ({ timer: reader.u8(), leftUs: reader.u64() }))
  const first = reader.u64()
  const outputs = Array.from({ length: reader.count(OUTPUT_SIZE_MIN) }, () => decodeOutput(reader))
  reader.finish()
  return { clocks, timers, outputs: { first, outputs } }
}
