/** The logging channel of one replica: frames over a link, with checksums by the fast native CRC-32. */
import { crc32 } from 'node:zlib'
import { ChannelError } from '../../logging-channel/channel-error.ts'
import { FrameDecoder } from '../../logging-channel/frame-decoder.ts'
import type { Link } from '../../logging-channel/link.ts'
import { MessageEncoder } from '../../logging-channel/message-encoder.ts'
import type { ChannelMessage } from '../../logging-channel/messages.ts'

export type PeerHandlers = {
  readonly onMessage: (message: ChannelMessage) => void
  /** Bytes have come, and the frame they belong to is not complete yet. */
  readonly onPart: () => void
  /** Exactly once; `corrupt` when it was closed here because its bytes were damaged. */
  readonly onClosed: (reason: string, corrupt: boolean) => void
}

export class PeerChannel {
  readonly #link: Link
  readonly #encoder = new MessageEncoder({ checksum: crc32 })
  readonly #handlers: PeerHandlers
  readonly #decoder: FrameDecoder
  readonly #gone = Promise.withResolvers<void>()
  #closed = false
  #heard = false

  constructor(link: Link, handlers: PeerHandlers) {
    this.#link = link
    this.#handlers = handlers
    this.#decoder = new FrameDecoder({ checksum: crc32, onMessage: (message) => this.#closed || handlers.onMessage(message) })
    link.start({
      onBytes: (bytes) => this.#onBytes(bytes),
      onClose: (error) => {
        this.#gone.resolve()
        this.#onClose(this.#whyClosed(error), false)
      }
    })
  }

  get peer(): string {
    return this.#link.peer
  }

  send(message: ChannelMessage): void {
    this.#link.send(this.#encoder.encode(message))
  }

  /** Our own decision: no `onClosed` follows. Resolves when the peer has ended its side as well, or was given up. */
  close(): Promise<void> {
    this.#closed = true
    this.#link.close()
    return this.#gone.promise
  }

  read(on: boolean): void {
    if (on) this.#link.resume()
    else this.#link.pause()
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#heard = true
    try {
      this.#decoder.push(bytes)
      if (this.#decoder.isInsidePayload && !this.#closed) this.#handlers.onPart()
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error
      this.#link.destroy()
      this.#onClose(error.message, true)
    }
  }

  #whyClosed(error: Error | null): string {
    const how = error === null ? 'the peer closed the channel' : `the channel broke: ${error.message}`
    // A peer with a key tells a stranger nothing.
    return this.#heard || this.#link.isSecure ? how : `${how}, without a word: does it want a key (--key FILE)?`
  }

  #onClose(reason: string, corrupt: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#handlers.onClosed(reason, corrupt)
  }
}
