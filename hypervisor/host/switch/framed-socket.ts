/** Messages over the socket of a switch link, at either end of it: what comes in is decoded, and the link's end told once. */
import type { Socket } from 'node:net'
import { FrameDecoder } from '../../switch/frame-decoder.ts'
import { SwitchLinkError } from '../../switch/link-error.ts'

export type FramedHandlers<M> = {
  readonly onMessages: (messages: readonly M[]) => void
  /** The other end is gone, or its bytes are no messages; `reason` is one line. Not after `close`. */
  readonly onLost: (reason: string) => void
}

export class FramedSocket<M> {
  readonly #socket: Socket
  readonly #decoder: FrameDecoder<M>
  readonly #handlers: FramedHandlers<M>
  #closed = false
  #heard = false

  constructor(socket: Socket, decode: (frame: Uint8Array) => M, handlers: FramedHandlers<M>) {
    this.#socket = socket
    this.#decoder = new FrameDecoder(decode)
    this.#handlers = handlers
    socket.on('data', (bytes) => this.#onData(bytes as Buffer))
    socket.on('end', () => this.#lost('it closed the link'))
    socket.on('error', (error) => this.#lost(error.message))
    socket.on('close', () => this.#lost('the link is closed'))
  }

  get closed(): boolean {
    return this.#closed
  }

  /** The other end has sent something. */
  get heard(): boolean {
    return this.#heard
  }

  /** What still comes is read and dropped. The socket is the owner's to end. */
  close(): void {
    this.#closed = true
  }

  #onData(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#heard = true
    let messages
    try {
      messages = this.#decoder.push(bytes)
    } catch (error) {
      if (!(error instanceof SwitchLinkError)) throw error
      this.#lost(error.message)
      return
    }
    if (messages.length > 0) this.#handlers.onMessages(messages)
  }

  #lost(reason: string): void {
    this.#socket.destroy()
    if (this.#closed) return
    this.#closed = true
    this.#handlers.onLost(reason)
  }
}
