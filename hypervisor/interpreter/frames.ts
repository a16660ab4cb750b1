import { StateHasher } from '../machine/state-hash.ts'
import { HEADER } from './core/header.ts'
import { coreVersion } from './core/version.ts'
import type { Instance } from './runtime/instance.ts'
import type { Entry, Processor } from './runtime/processor.ts'

/**
 * Guest frames as bytes: `EngineState.frames`. Little-endian words of 32 bits: fingerprint, number of entries (the
 * outermost first), and for each: pc, fp, steps since the last tick, address of the stack, bytes of stack; then the
 * bytes. Dead slots hold whatever was there.
 */
const ENTRY_WORDS = 5
const HEAD_WORDS = 2

/** Names the code that frames belong to: the translated module with all its addresses, and what its instructions mean. */
export function fingerprint(instance: Instance): number {
  const hasher = new StateHasher()
  hasher.word(coreVersion())
  hasher.bytes(instance.code.bytes)
  return hasher.digest()
}

export function takeFrames(processor: Processor, instance: Instance): Uint8Array {
  const { core } = processor
  const entries = processor.entries().map(entry => ({ ...entry, bytes: top(entry, instance) - entry.stack }))
  const words = [fingerprint(instance), entries.length]
  for (const { pc, fp, step, stack, bytes } of entries) words.push(pc, fp, step, stack, bytes)
  const out = new Uint8Array(words.length * 4 + entries.reduce((sum, { bytes }) => sum + bytes, 0))
  const view = new DataView(out.buffer)
  words.forEach((word, i) => view.setUint32(i * 4, word, true))
  let at = words.length * 4
  for (const { stack, bytes } of entries) {
    out.set(core.bytes.subarray(stack, stack + bytes), at)
    at += bytes
  }
  return out
}

/** The end of the innermost frame: what its function may use above its fp. */
function top({ pc, fp }: Entry, instance: Instance): number {
  const index = instance.functionAt(pc)
  return fp + (index === undefined ? instance.entrySlotsMax * 8 : instance.budget.frame[index])
}

/** Puts frames onto a processor that has none. Throws one line if they are of other code, or damaged. */
export function putFrames(processor: Processor, instance: Instance, frames: Uint8Array): void {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.length)
  const word = (i: number): number => (i * 4 + 4 <= frames.length ? view.getUint32(i * 4, true) : damaged())
  const expected = fingerprint(instance)
  if (word(0) !== expected) {
    throw new Error(`the frames belong to other code: found fingerprint ${hex(word(0))}, expected ${hex(expected)}: ` +
      'the same image and the same version of ft-run')
  }
  const count = word(1)
  if (count > frames.length) damaged()
  const entries: (Entry & { readonly bytes: number })[] = []
  for (let i = 0, at = HEAD_WORDS; i < count; i++, at += ENTRY_WORDS) {
    entries.push({ pc: word(at), fp: word(at + 1), step: word(at + 2), stack: word(at + 3), bytes: word(at + 4), memory: instance.memory })
  }
  let from = (HEAD_WORDS + ENTRY_WORDS * count) * 4
  if (entries.reduce((sum, { bytes }) => sum + bytes, from) !== frames.length) damaged()
  for (const entry of entries) {
    processor.push(entry, frames.subarray(from, from + entry.bytes))
    from += entry.bytes
  }
  processor.core.setU32(HEADER.memory, instance.memory)
}

function damaged(): never {
  throw new Error('the frames of the state are damaged: their lengths do not add up')
}

const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`
