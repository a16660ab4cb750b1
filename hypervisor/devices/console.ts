/** Console device: lines out are outputs like any other, bytes in are logged events. */
import { Parser } from 'binary-parser'
import type { ConsoleEntry } from '../../logging-channel/entries.ts'
import { bytes } from '../../logging-channel/fields.ts'
import type { HostCalls } from '../machine/engine.ts'
import { parseFields, type FieldWriter } from '../machine/saved-fields.ts'
import type { StateHasher } from '../machine/state-hash.ts'
import { ByteQueue } from './byte-queue.ts'
import { Cause, checkRaised, DeviceId, type Device, type Outside } from './device.ts'
import { AbiError, type GuestMemory } from './guest-memory.ts'

const writeBytesMax = 65536
const saved = bytes(new Parser().uint8('raised'), 'input').saveOffset('end')

export class ConsoleDevice implements Device {
  readonly id = DeviceId.console
  readonly calls: HostCalls
  readonly #input = new ByteQueue()
  #raised = 0

  constructor(memory: GuestMemory, outside: Outside) {
    this.calls = {
      console_write: (pointer: number, length: number) => {
        if (length >>> 0 > writeBytesMax) return AbiError.invalid
        const bytes = memory.copy(pointer, length)
        if (bytes === undefined) return AbiError.fault
        if (bytes.length > 0) outside.emit({ kind: 'console', bytes })
        return 0
      },
      console_read: (pointer: number, capacity: number) => {
        const target = memory.view(pointer, capacity)
        return target === undefined ? AbiError.fault : this.#input.read(target)
      }
    }
  }

  get raised(): number {
    return this.#raised
  }

  taken(causes: number): void {
    this.#raised &= ~causes
  }

  inject(entry: ConsoleEntry): void {
    this.#input.push(entry.bytes)
    this.#raised = Cause.console
  }

  hash(hasher: StateHasher): void {
    hasher.word(this.#raised)
    hasher.word(this.#input.length)
  }

  save(out: FieldWriter): void {
    out.u8(this.#raised)
    out.bytes(this.#input.peek())
  }

  restore(state: Uint8Array): void {
    const { raised, input } = parseFields<{ raised: number; input: Uint8Array }>(saved, state, 'the console\'s state')
    checkRaised(raised, Cause.console, 'the console')
    this.#raised = raised
    this.#input.clear()
    this.#input.push(input.slice())
  }
}
