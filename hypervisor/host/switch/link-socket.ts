/** A replica's TCP connection to the switch, on the switch's side. */
import type { Socket } from 'node:net'
import { decodeToSwitch, encodeFromSwitch } from '../../switch/codec.ts'
import { FrameDecoder } from '../../switch/frame-decoder.ts'
import { SwitchLink } from '../../switch/link.ts'
import { SwitchLinkError } from '../../switch/link-error.ts'
import type { FromSwitch } from '../../switch/messages.ts'
import type { EventSink } from './client-socket.ts'

/** The link behind a `SwitchLink`, be it a socket or a replica in this process. */
export interface LinkHandle {
  send(messages: readonly FromSwitch[]): void
  close(): void
}

export class LinkSocket implements LinkHandle {
  readonly #socket: Socket
  readonly #link = new SwitchLink(this)
  readonly #decoder = new FrameDecoder(decodeToSwitch)
  readonly #sink: EventSink
  #closed = false

  constructor(socket: Socket, sink: EventSink) {
    this.#socket = socket
    this.#sink = sink
    socket.setNoDelay(true)
    socket.on('data', (bytes) => this.#onData(bytes as Buffer))
    socket.on('end', () => this.#lost('it closed the connection'))
    socket.on('error', (error) => this.#lost(error.message))
    socket.on('close', () => this.#lost('the connection is closed'))
  }

  send(messages: readonly FromSwitch[]): void {
    if (this.#socket.writable) this.#socket.write(encodeFromSwitch(messages))
  }

  /** Ends after what was sent. What still comes is read and dropped, so that the last message is not lost to a reset. */
  close(): void {
    this.#closed = true
    this.#socket.end()
  }

  #onData(bytes: Uint8Array): void {
    if (this.#closed) return
    let messages
    try {
      messages = this.#decoder.push(bytes)
    } catch (error) {
      if (!(error instanceof SwitchLinkError)) throw error
      this.#lost(error.message)
      return
    }
    if (messages.length > 0) this.#sink({ kind: 'linkMessages', link: this.#link, messages })
  }

  #lost(reason: string): void {
    this.#socket.destroy()
    if (this.#closed) return
    this.#closed = true
    this.#sink({ kind: 'linkClosed', link: this.#link, reason })
  }
}
