/** One input to the machine as bytes: kind u8, conn u32, then what the kind needs (FORMAT.md). */
import { Kind } from '../../logging-channel/entries.ts'
import type { SwitchInput } from '../../logging-channel/entries.ts'
import { SwitchLinkError } from './link-error.ts'
import { stringSize } from './wire.ts'
import type { Reader, Writer } from './wire.ts'

/** Smallest item: kind and conn. */
export const INPUT_SIZE_MIN = 5

/** Encoded size of `input` in bytes. */
export function inputSize(input: SwitchInput): number {
  switch (input.kind) {
    case Kind.netData:
    case Kind.console:
      return 9 + input.bytes.length
    case Kind.netWindow:
      return 9
    case Kind.netOpen:
      return 9 + stringSize(input.peer)
    default:
      return 5
  }
}

export function encodeInput(writer: Writer, input: SwitchInput): void {
  writer.u8(input.kind)
  writer.u32(input.kind === Kind.console ? 0 : input.conn)
  switch (input.kind) {
    case Kind.netData:
    case Kind.console:
      writer.blob(input.bytes)
      break
    case Kind.netWindow:
      writer.u32(input.bytes)
      break
    case Kind.netOpen:
      writer.u16(input.port)
      writer.string(input.peer)
  }
}

/** @throws SwitchLinkError */
export function decodeInput(reader: Reader): SwitchInput {
  const kind = reader.u8()
  const conn = reader.u32()
  switch (kind) {
    case Kind.netData:
      return { kind, conn, bytes: reader.blob() }
    case Kind.console:
      return { kind, bytes: reader.blob() }
    case Kind.netWindow:
      return { kind, conn, bytes: reader.u32() }
    case Kind.netOpen:
      return { kind, conn, port: reader.u16(), peer: reader.string() }
    case Kind.netEnd:
    case Kind.netReset:
    case Kind.netConnected:
      return { kind, conn }
    default:
      throw new SwitchLinkError(`unknown input kind ${kind} in a switch frame`)
  }
}
