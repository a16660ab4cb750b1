/** Every decoder of bytes from a link. */
import { crc32 } from 'node:zlib'
import fc from '../../properties.ts'
import { ChannelError } from '../../../logging-channel/channel-error.ts'
import { FrameDecoder } from '../../../logging-channel/frame-decoder.ts'
import { HEADER_BYTES } from '../../../logging-channel/header.ts'
import { MessageEncoder } from '../../../logging-channel/message-encoder.ts'
import { decodeFromSwitch, decodeToSwitch, encodeFromSwitch, encodeToSwitch } from '../../../hypervisor/switch/codec.ts'
import { FrameDecoder as SwitchFrameDecoder } from '../../../hypervisor/switch/frame-decoder.ts'
import { SwitchLinkError } from '../../../hypervisor/switch/link-error.ts'
import { fromSwitch, toSwitch } from '../../switch/arbitrary-messages.ts'
import { message } from '../arbitraries.ts'
import type { FuzzTarget } from './target.ts'

const SAMPLES = { numRuns: 300, seed: 1 }
const PAYLOAD_LENGTH_AT = 20
const HEADER_CHECKSUM_AT = 24

function channel(name: string, reseal?: FuzzTarget['reseal']): FuzzTarget {
  const encoder = new MessageEncoder({ checksum: crc32 })
  const corpus = fc.sample(fc.array(message, { minLength: 1, maxLength: 4 }), SAMPLES)
    .map((messages) => new Uint8Array(Buffer.concat(messages.map((one) => encoder.encode(one).slice()))))
  const feed: FuzzTarget['feed'] = (parts) => {
    let messages = 0
    const decoder = new FrameDecoder({ checksum: crc32, onMessage: () => messages++ })
    try {
      for (const part of parts) decoder.push(part)
      return { messages, refused: undefined }
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error
      return { messages, refused: error.fault }
    }
  }
  return reseal === undefined ? { name, corpus, feed } : { name, corpus, feed, reseal }
}

/** Frame after frame: payload length as far as the stream goes, both checksums. */
function resealChannel(stream: Uint8Array): Uint8Array {
  const bytes = stream.slice()
  const view = new DataView(bytes.buffer)
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const rest = bytes.length - at - HEADER_BYTES
    const length = Math.min(view.getUint32(at + PAYLOAD_LENGTH_AT, true), rest)
    view.setUint32(at + PAYLOAD_LENGTH_AT, length, true)
    const header = crc32(bytes.subarray(at, at + HEADER_CHECKSUM_AT))
    view.setUint32(at + HEADER_CHECKSUM_AT, header, true)
    view.setUint32(at + HEADER_CHECKSUM_AT + 4, crc32(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length), header), true)
    at += HEADER_BYTES + length
  }
  return bytes
}

function switchLink<M>(
  name: string, samples: fc.Arbitrary<M>, encode: (messages: readonly M[]) => Uint8Array, decode: (frame: Uint8Array) => M,
): FuzzTarget {
  const corpus = fc.sample(fc.array(samples, { minLength: 1, maxLength: 4 }), SAMPLES).map((messages) => encode(messages))
  return {
    name, corpus,
    feed: (parts) => {
      let messages = 0
      const decoder = new SwitchFrameDecoder(decode)
      try {
        for (const part of parts) messages += decoder.push(part).length
        return { messages, refused: undefined }
      } catch (error) {
        if (!(error instanceof SwitchLinkError)) throw error
        return { messages, refused: error.message.replace(/\d+/g, 'N') }
      }
    }
  }
}

export const targets: readonly FuzzTarget[] = [
  channel('logging channel'),
  channel('logging channel, checksums made right', resealChannel),
  switchLink('replica to switch', toSwitch, encodeToSwitch, decodeToSwitch),
  switchLink('switch to replica', fromSwitch, encodeFromSwitch, decodeFromSwitch)
]
