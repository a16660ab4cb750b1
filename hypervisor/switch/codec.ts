/**
 * The switch link's frames (FORMAT.md): length u32, type u8, body. The items of a whole turn share a frame; a
 * message too long for one frame is cut into several of the same type, whose numbers go on where the last stopped.
 */
import { FRAME_BYTES_MAX, FRAME_BYTES_TARGET } from './limits.ts'
import { decodeInput, encodeInput, INPUT_SIZE_MIN, inputSize } from './input-codec.ts'
import { SwitchLinkError } from './link-error.ts'
import { decodeAttach, decodeAttached, decodeHello, decodeReason } from './control-codec.ts'
import { attachSize, encodeAttach, encodeAttached, encodeHello, encodeReason, helloSize, reasonSize } from './control-codec.ts'
import type { FromSwitch, Inputs, Outputs, ToSwitch } from './messages.ts'
import { decodeOutput, encodeOutput, OUTPUT_SIZE_MIN, outputSize } from './output-codec.ts'
import { Reader, Writer } from './wire.ts'

const Type = { hello: 1, attach: 2, outputs: 3, inputAck: 4, farewell: 5, attached: 17, refused: 18, inputs: 19, outputAck: 20 } as const

const HEAD_BYTES = 5
const OUTPUTS_HEAD_BYTES = HEAD_BYTES + 20
const INPUTS_HEAD_BYTES = HEAD_BYTES + 12

/** A frame of `message`, or of its items `from` (inclusive) to `to` (exclusive) if it has items. */
type Part<M> = { readonly message: M; readonly from: number; readonly to: number; readonly size: number }

/** All `messages` as bytes, in one allocation. @throws SwitchLinkError if an item or a string is too long for a frame */
export function encodeToSwitch(messages: readonly ToSwitch[]): Uint8Array {
  const parts: Part<ToSwitch>[] = []
  for (const message of messages) {
    if (message.type === 'outputs') cut(parts, message, message.outputs, outputSize, OUTPUTS_HEAD_BYTES)
    else parts.push({ message, from: 0, to: 0, size: toSwitchSize(message) })
  }
  return encodeParts(parts, encodeToSwitchPart)
}

/** All `messages` as bytes, in one allocation. @throws SwitchLinkError if an item or a string is too long for a frame */
export function encodeFromSwitch(messages: readonly FromSwitch[]): Uint8Array {
  const parts: Part<FromSwitch>[] = []
  for (const message of messages) {
    if (message.type === 'inputs') cut(parts, message, message.inputs, inputSize, INPUTS_HEAD_BYTES)
    else parts.push({ message, from: 0, to: 0, size: fromSwitchSize(message) })
  }
  return encodeParts(parts, encodeFromSwitchPart)
}

function cut<M, I>(parts: Part<M>[], message: M, items: readonly I[], sizeOf: (item: I) => number, headBytes: number): void {
  let from = 0
  let size = headBytes
  for (let i = 0; i < items.length; i++) {
    const itemSize = sizeOf(items[i])
    if (headBytes + itemSize > FRAME_BYTES_MAX) throw new SwitchLinkError(`an item of ${itemSize} bytes can't be sent in a frame`)
    if (size + itemSize > FRAME_BYTES_TARGET && i > from) {
      parts.push({ message, from, to: i, size })
      from = i
      size = headBytes
    }
    size += itemSize
  }
  parts.push({ message, from, to: items.length, size })
}

function encodeParts<M>(parts: readonly Part<M>[], encodePart: (writer: Writer, part: Part<M>) => void): Uint8Array {
  let size = 0
  for (const part of parts) size += part.size
  const writer = new Writer(size)
  for (const part of parts) {
    writer.u32(part.size - 4)
    encodePart(writer, part)
  }
  if (writer.at !== size) throw new Error(`switch frames of ${size} bytes were announced and ${writer.at} written`)
  return writer.bytes
}

function toSwitchSize(message: Exclude<ToSwitch, Outputs>): number {
  if (message.type === 'hello') return HEAD_BYTES + helloSize(message)
  if (message.type === 'attach') return HEAD_BYTES + attachSize(message)
  if (message.type === 'farewell') return HEAD_BYTES + reasonSize(message)
  return HEAD_BYTES + 16
}

function encodeToSwitchPart(writer: Writer, part: Part<ToSwitch>): void {
  const message = part.message
  writer.u8(Type[message.type])
  switch (message.type) {
    case 'outputs':
      writer.u64(message.term)
      writer.u64(message.first + part.from)
      writer.u32(part.to - part.from)
      for (let i = part.from; i < part.to; i++) encodeOutput(writer, message.outputs[i])
      break
    case 'inputAck':
      writer.u64(message.term)
      writer.u64(message.through)
      break
    case 'attach':
      encodeAttach(writer, message)
      break
    case 'farewell':
      encodeReason(writer, message)
      break
    case 'hello':
      encodeHello(writer, message)
  }
}

function fromSwitchSize(message: Exclude<FromSwitch, Inputs>): number {
  if (message.type === 'attached') return HEAD_BYTES + 25
  if (message.type === 'refused') return HEAD_BYTES + reasonSize(message)
  return HEAD_BYTES + 8
}

function encodeFromSwitchPart(writer: Writer, part: Part<FromSwitch>): void {
  const message = part.message
  writer.u8(Type[message.type])
  switch (message.type) {
    case 'inputs':
      writer.u64(message.first + part.from)
      writer.u32(part.to - part.from)
      for (let i = part.from; i < part.to; i++) encodeInput(writer, message.inputs[i])
      break
    case 'outputAck':
      writer.u64(message.through)
      break
    case 'attached':
      encodeAttached(writer, message)
      break
    case 'refused':
      encodeReason(writer, message)
  }
}

/** Decodes one frame without its length field; `bytes` of data items are views into it. @throws SwitchLinkError */
export function decodeToSwitch(frame: Uint8Array): ToSwitch {
  const reader = new Reader(frame)
  const message = readToSwitch(reader, reader.u8())
  reader.finish()
  return message
}

function readToSwitch(reader: Reader, type: number): ToSwitch {
  switch (type) {
    case Type.outputs: {
      const term = reader.u64()
      const first = reader.u64()
      const outputs = new Array(reader.count(OUTPUT_SIZE_MIN))
      for (let i = 0; i < outputs.length; i++) outputs[i] = decodeOutput(reader)
      return { type: 'outputs', term, first, outputs }
    }
    case Type.inputAck:
      return { type: 'inputAck', term: reader.u64(), through: reader.u64() }
    case Type.attach:
      return decodeAttach(reader)
    case Type.farewell:
      return decodeReason(reader, 'farewell')
    case Type.hello:
      return decodeHello(reader)
    default:
      throw new SwitchLinkError(`unknown message type ${type} from a replica; is this another program's port?`)
  }
}

/** Decodes one frame without its length field; `bytes` of data items are views into it. @throws SwitchLinkError */
export function decodeFromSwitch(frame: Uint8Array): FromSwitch {
  const reader = new Reader(frame)
  const message = readFromSwitch(reader, reader.u8())
  reader.finish()
  return message
}

function readFromSwitch(reader: Reader, type: number): FromSwitch {
  switch (type) {
    case Type.inputs: {
      const first = reader.u64()
      const inputs = new Array(reader.count(INPUT_SIZE_MIN))
      for (let i = 0; i < inputs.length; i++) inputs[i] = decodeInput(reader)
      return { type: 'inputs', first, inputs }
    }
    case Type.outputAck:
      return { type: 'outputAck', through: reader.u64() }
    case Type.attached:
      return decodeAttached(reader)
    case Type.refused:
      return decodeReason(reader, 'refused')
    default:
      throw new SwitchLinkError(`unknown message type ${type} from the switch; is this another program's port?`)
  }
}
