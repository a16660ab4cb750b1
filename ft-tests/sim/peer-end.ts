/** One replica's end of a logging channel: does what hypervisor/host/peer-channel.ts does, over simulated lanes. */
import { crc32 } from 'node:zlib'
import { ChannelError } from '../../logging-channel/channel-error.ts'
import type { Checksum } from '../../logging-channel/crc32.ts'
import { FrameDecoder } from '../../logging-channel/frame-decoder.ts'
import { MessageEncoder } from '../../logging-channel/message-encoder.ts'
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import type { Arrival, Lane } from './lane.ts'

/** As in hypervisor/host/replica-host.ts. */
export const helloTimeoutMs = 10_000

export type PeerHandlers = {
  readonly onMessage: (message: ChannelMessage) => void
  readonly onPart: () => void
  readonly onClosed: (reason: string, corrupt: boolean) => void
}

export class PeerEnd {
  /** To the other end; set as the connection is made. */
  out: Lane | undefined
  isOpen = true
  /** The number that its replica's core knows it by; set as the connection is made. */
  id = 0
  /** A byte that was changed on its way has been read. */
  isTainted = false
  readonly #encoder: MessageEncoder
  readonly #decoder: FrameDecoder
  readonly #handlers: PeerHandlers
  #isReading = true
  #isSilent = true
  #unread: Arrival[] = []

  constructor(handlers: PeerHandlers, checksum: Checksum = crc32) {
    this.#handlers = handlers
    this.#encoder = new MessageEncoder({ checksum })
    this.#decoder = new FrameDecoder({ checksum, onMessage: (message) => this.#onMessage(message) })
  }

  send(message: ChannelMessage): void {
    if (this.isOpen) this.out!.send(this.#encoder.encode(message))
  }

  /** In good order: what was sent still arrives. */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.out!.end()
  }

  /** The process is gone. @returns true if a write of it is cut in two */
  breakOff(): boolean {
    this.isOpen = false
    return this.out!.breakOff()
  }

  read(arrival: Arrival): void {
    if (!this.isOpen) return
    if (!this.#isReading) return void this.#unread.push(arrival)
    if (arrival === null) return this.#closed('the peer closed the channel', false)
    if (arrival.damaged) this.isTainted = true
    try {
      this.#decoder.push(arrival.bytes)
      if (this.#decoder.isInsidePayload && this.isOpen) this.#handlers.onPart()
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error
      this.out!.breakOff()
      this.#closed(error.message, true)
    }
  }

  /** `helloTimeoutMs` have passed: whoever has said nothing is no peer. */
  giveUpSilent(): void {
    if (!this.isOpen || !this.#isSilent) return
    this.out!.end()
    this.#closed('it said nothing', false)
  }

  /** Stops or resumes reading. @returns what had come meanwhile and is to be read now */
  setReading(on: boolean): readonly Arrival[] {
    this.#isReading = on
    if (!on) return []
    const unread = this.#unread
    this.#unread = []
    return unread
  }

  #onMessage(message: ChannelMessage): void {
    this.#isSilent = false
    if (this.isOpen) this.#handlers.onMessage(message)
  }

  #closed(reason: string, corrupt: boolean): void {
    this.isOpen = false
    this.#handlers.onClosed(reason, corrupt)
  }
}
