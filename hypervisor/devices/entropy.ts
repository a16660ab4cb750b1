/** Entropy device: random bytes from outside, logged byte for byte. */
import { Parser } from 'binary-parser'
import type { HostCalls } from '../machine/engine.ts'
import { parseFields } from '../machine/saved-fields.ts'
import { DeviceId, type Device, type Outside } from './device.ts'
import { AbiError, type GuestMemory } from './guest-memory.ts'

const entropyBytesMax = 65536
const saved = new Parser().saveOffset('end')

export class EntropyDevice implements Device {
  readonly id = DeviceId.entropy
  readonly raised = 0
  readonly calls: HostCalls

  constructor(memory: GuestMemory, outside: Outside) {
    this.calls = {
      entropy: (pointer: number, length: number) => {
        if (length >>> 0 > entropyBytesMax) return AbiError.invalid
        const target = memory.view(pointer, length)
        if (target === undefined) return AbiError.fault
        target.set(outside.drawEntropy(length))
        return 0
      }
    }
  }

  taken(): void {}
  hash(): void {}
  save(): void {}

  restore(bytes: Uint8Array): void {
    parseFields(saved, bytes, 'the entropy device\'s state')
  }
}
