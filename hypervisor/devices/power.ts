/** Power device and boot arguments: ends the machine, and tells it how it was started. */
import { GuestExit, type HostCalls } from '../machine/engine.ts'
import type { Device, Outside } from './device.ts'
import { AbiError, type GuestMemory } from './guest-memory.ts'

export class PowerDevice implements Device {
  readonly raised = 0
  readonly calls: HostCalls

  constructor(memory: GuestMemory, outside: Outside, args: Uint8Array) {
    this.calls = {
      power_off: (code: number) => {
        outside.emit({ kind: 'powerOff', code })
        throw new GuestExit(code)
      },
      args: (pointer: number, capacity: number) => {
        if (args.length > capacity >>> 0) return args.length
        const target = memory.view(pointer, args.length)
        if (target === undefined) return AbiError.fault
        target.set(args)
        return args.length
      }
    }
  }

  taken(): void {}
  hash(): void {}
}
