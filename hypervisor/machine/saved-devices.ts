/** The devices region of a snapshot: what the machine keeps beside its engine, then every device under its id. */
import { Parser } from 'binary-parser'
import { bytes, u64 } from '../../logging-channel/fields.ts'
import { Cause, type Device } from '../devices/device.ts'
import { FieldWriter, parseFields } from './saved-fields.ts'
import { SnapshotError } from './snapshot-error.ts'

export type SavedMachine = {
  readonly inputsInjected: number
  readonly preemptMask: number
}

type Saved = SavedMachine & { readonly devices: readonly { readonly id: number; readonly state: Uint8Array }[] }

const parser = u64(new Parser(), 'inputsInjected')
  .uint8('preemptMask')
  .uint8('count')
  .array('devices', { type: bytes(new Parser().uint8('id'), 'state'), length: 'count' })
  .saveOffset('end')

export function writeDevices(machine: SavedMachine, devices: readonly Device[]): Uint8Array {
  const out = new FieldWriter()
  out.u64(machine.inputsInjected)
  out.u8(machine.preemptMask)
  out.u8(devices.length)
  for (const device of devices) {
    const state = new FieldWriter()
    device.save(state)
    out.u8(device.id)
    out.bytes(state.take())
  }
  return out.take()
}

/** Restores every device, which must be those that were written, in the same order. @throws SnapshotError */
export function restoreDevices(saved: Uint8Array, devices: readonly Device[]): SavedMachine {
  const { inputsInjected, preemptMask, devices: states } = parseFields<Saved>(parser, saved, 'the devices\' state')
  const ids = (list: readonly { readonly id: number }[]): string => list.map(({ id }) => id).join(', ')
  if (ids(states) !== ids(devices)) {
    throw new SnapshotError(`devices ${ids(states)} in the snapshot, this machine has ${ids(devices)}`)
  }
  if ((preemptMask & ~Cause.timer) !== 0) {
    throw new SnapshotError(`preempt mask ${preemptMask} in the snapshot: 0 or ${Cause.timer} may be`)
  }
  devices.forEach((device, i) => device.restore(states[i]!.state))
  return { inputsInjected, preemptMask }
}
