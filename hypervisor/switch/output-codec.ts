/** One output of the machine as bytes: kind u8, conn u32, then what the kind needs (FORMAT.md). */
import { SwitchLinkError } from './link-error.ts'
import type { Output } from './messages.ts'
import { stringSize } from './wire.ts'
import type { Reader, Writer } from './wire.ts'

const LISTEN = 1
const CONNECT = 2
const DATA = 3
const END = 4
const RESET = 5
const CREDIT = 6
const CONSOLE = 7
const POWER_OFF = 8

/** Smallest item: kind and conn. */
export const OUTPUT_SIZE_MIN = 5

/** Encoded size of `output` in bytes. */
export function outputSize(output: Output): number {
  switch (output.kind) {
    case 'data':
    case 'console':
      return 9 + output.bytes.length
    case 'credit':
    case 'powerOff':
      return 9
    case 'listen':
      return 7
    case 'connect':
      return 9 + stringSize(output.host)
    default:
      return 5
  }
}

export function encodeOutput(writer: Writer, output: Output): void {
  switch (output.kind) {
    case 'data':
      head(writer, DATA, output.conn)
      return writer.blob(output.bytes)
    case 'credit':
      head(writer, CREDIT, output.conn)
      return writer.u32(output.bytes)
    case 'end':
      return head(writer, END, output.conn)
    case 'reset':
      return head(writer, RESET, output.conn)
    case 'listen':
      head(writer, LISTEN, 0)
      return writer.u16(output.port)
    case 'connect':
      head(writer, CONNECT, output.conn)
      writer.u16(output.port)
      return writer.string(output.host)
    case 'console':
      head(writer, CONSOLE, 0)
      return writer.blob(output.bytes)
    case 'powerOff':
      head(writer, POWER_OFF, 0)
      return writer.u32(output.code)
  }
}

function head(writer: Writer, kind: number, conn: number): void {
  writer.u8(kind)
  writer.u32(conn)
}

/** @throws SwitchLinkError */
export function decodeOutput(reader: Reader): Output {
  const kind = reader.u8()
  const conn = reader.u32()
  switch (kind) {
    case DATA:
      return { kind: 'data', conn, bytes: reader.blob() }
    case CREDIT:
      return { kind: 'credit', conn, bytes: reader.u32() }
    case END:
      return { kind: 'end', conn }
    case RESET:
      return { kind: 'reset', conn }
    case LISTEN:
      return { kind: 'listen', port: reader.u16() }
    case CONNECT: {
      const port = reader.u16()
      return { kind: 'connect', conn, port, host: reader.string() }
    }
    case CONSOLE:
      return { kind: 'console', bytes: reader.blob() }
    case POWER_OFF:
      return { kind: 'powerOff', code: reader.u32() | 0 }
    default:
      throw new SwitchLinkError(`unknown output kind ${kind} in a switch frame`)
  }
}
