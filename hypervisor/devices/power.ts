/** Power device and boot arguments: ends the machine, and tells it how it was started. */
import { Parser } from 'binary-parser'
import { bytes } from '../../logging-channel/fields.ts'
import { GuestExit, type HostCalls } from '../machine/engine.ts'
import { parseFields, type FieldWriter } from '../machine/saved-fields.ts'
import { SnapshotError } from '../machine/snapshot-error.ts'
import { DeviceId, type Device, type Outside } from './device.ts'
import { AbiError, type GuestMemory } from './guest-memory.ts'

const saved = bytes(new Parser(), 'args').saveOffset('end')

export class PowerDevice implements Device {
  readonly id = DeviceId.power
  readonly raised = 0
  readonly calls: HostCalls
  readonly #args: Uint8Array

  constructor(memory: GuestMemory, outside: Outside, args: Uint8Array) {
    this.#args = args
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

  save(out: FieldWriter): void {
    out.bytes(this.#args)
  }

  /** Arguments are part of what a machine is, as its image is: other ones are refused. */
  restore(state: Uint8Array): void {
    const { args } = parseFields<{ args: Uint8Array }>(saved, state, 'the power device\'s state')
    const same = args.length === this.#args.length && args.every((byte, i) => byte === this.#args[i])
    if (!same) throw new SnapshotError('the snapshot is of a machine that was started with other arguments')
  }
}
