/** Bodies of the rare messages: hello, attach, attached, and those that give a reason: refused, farewell. */
import { SwitchLinkError } from './link-error.ts'
import type { Attach, Attached, Farewell, MachineHolds, Refused, SwitchHello } from './messages.ts'
import { stringSize } from './wire.ts'
import type { Reader, Writer } from './wire.ts'

/** "FTSW": tells a replica from a stray client. */
const MAGIC = 0x57535446

export function helloSize(message: SwitchHello): number {
  return 12 + stringSize(message.vm) + stringSize(message.replica)
}

/** This layout never changes, so that every version can read every other's. */
export function encodeHello(writer: Writer, message: SwitchHello): void {
  writer.u32(MAGIC)
  writer.u32(message.version)
  writer.string(message.vm)
  writer.string(message.replica)
}

export function decodeHello(reader: Reader): SwitchHello {
  if (reader.u32() !== MAGIC) throw new SwitchLinkError('a hello without its magic number; is this another program?')
  return { type: 'hello', version: reader.u32(), vm: reader.string(), replica: reader.string() }
}

export function attachSize(message: Attach): number {
  const holds = message.holds
  return holds === undefined ? 25 : 41 + 4 * (holds.ports.length + holds.conns.length)
}

export function encodeAttach(writer: Writer, message: Attach): void {
  writer.u64(message.term)
  writer.u64(message.inputsCaptured)
  writer.u64(message.nextOutput)
  writer.u8(message.holds === undefined ? 0 : 1)
  if (message.holds !== undefined) encodeHolds(writer, message.holds)
}

function encodeHolds(writer: Writer, holds: MachineHolds): void {
  writer.u32(holds.evenMax)
  writer.u32(holds.oddMax)
  writer.u32(holds.ports.length)
  for (const port of holds.ports) writer.u32(port)
  writer.u32(holds.conns.length)
  for (const conn of holds.conns) writer.u32(conn)
}

export function decodeAttach(reader: Reader): Attach {
  const attach = { type: 'attach', term: reader.u64(), inputsCaptured: reader.u64(), nextOutput: reader.u64() } as const
  return flag(reader) ? { ...attach, holds: decodeHolds(reader) } : attach
}

function decodeHolds(reader: Reader): MachineHolds {
  const evenMax = reader.u32()
  const oddMax = reader.u32()
  return { evenMax, oddMax, ports: decodeU32s(reader), conns: decodeU32s(reader) }
}

function decodeU32s(reader: Reader): number[] {
  const values = new Array<number>(reader.count(4))
  for (let i = 0; i < values.length; i++) values[i] = reader.u32()
  return values
}

function flag(reader: Reader): boolean {
  const value = reader.u8()
  if (value > 1) throw new SwitchLinkError(`a flag of value ${value} in a switch message`)
  return value === 1
}

export function encodeAttached(writer: Writer, message: Attached): void {
  writer.u64(message.term)
  writer.u8(message.fresh ? 1 : 0)
  writer.u64(message.outputsDelivered)
  writer.u64(message.duplicateBytesDropped)
}

export function decodeAttached(reader: Reader): Attached {
  return {
    type: 'attached',
    term: reader.u64(),
    fresh: flag(reader),
    outputsDelivered: reader.u64(),
    duplicateBytesDropped: reader.u64()
  }
}

/** What `refused` and `farewell` say. */
export function reasonSize(message: Refused | Farewell): number {
  return 10 + stringSize(message.reason)
}

export function encodeReason(writer: Writer, message: Refused | Farewell): void {
  writer.u64(message.term)
  writer.string(message.reason)
}

export function decodeReason<T extends 'refused' | 'farewell'>(reader: Reader, type: T): { type: T; term: number; reason: string } {
  return { type, term: reader.u64(), reason: reader.string() }
}
