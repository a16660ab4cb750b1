/** Entropy device: random bytes from outside, logged byte for byte. */
import type { HostCalls } from '../machine/engine.ts'
import type { Device, Outside } from './device.ts'
import { AbiError, type GuestMemory } from './guest-memory.ts'

const entropyBytesMax = 65536

export class EntropyDevice implements Device {
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
}
