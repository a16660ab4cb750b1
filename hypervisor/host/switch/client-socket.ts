/** A client's TCP socket around the core's `SwitchClient`: socket events in, the core's commands out. */
import type { Socket } from 'node:net'
import { SwitchClient } from '../../switch/client.ts'
import type { SwitchEvent } from '../../switch/events.ts'

const EMPTY = new Uint8Array(0)
/** Pieces of a turn up to this size are joined into one write; longer ones go as a vector. */
const JOIN_BYTES_MAX = 32 * 1024

/** Takes the events of all sockets; they arrive between turns. */
export type EventSink = (event: SwitchEvent) => void

export class ClientSocket {
  readonly client: SwitchClient
  readonly #socket: Socket
  readonly #sink: EventSink
  #writtenBytes = 0
  #reportedBytes = 0
  /** Waiting for the kernel to take what it did not take at once. */
  #awaited = false

  constructor(socket: Socket, client: SwitchClient, sink: EventSink) {
    this.client = client
    this.#socket = socket
    this.#sink = sink
    client.handle = this
    socket.setNoDelay(true)
    socket.on('data', (bytes) => sink({ kind: 'clientData', client, bytes: bytes as Buffer }))
    socket.on('end', () => sink({ kind: 'clientEnded', client }))
    // Whatever broke it (reset, timeout, unreachable): to the guest the connection is reset.
    socket.on('error', () => sink({ kind: 'clientReset', client }))
    socket.on('close', () => sink({ kind: 'clientClosed', client }))
  }

  write(chunks: readonly Uint8Array[]): void {
    const socket = this.#socket
    if (socket.destroyed) return
    if (chunks.length === 1) {
      this.#writtenBytes += chunks[0].length
      socket.write(chunks[0])
    } else this.#writeMany(chunks)
    this.#reportDrained()
    if (!this.#awaited && socket.writableLength > 0) this.#await()
  }

  end(): void {
    this.#socket.end()
  }

  reset(): void {
    if (this.#socket.connecting) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  #writeMany(chunks: readonly Uint8Array[]): void {
    let size = 0
    for (const chunk of chunks) size += chunk.length
    this.#writtenBytes += size
    if (size <= JOIN_BYTES_MAX) {
      this.#socket.write(Buffer.concat(chunks, size))
      return
    }
    this.#socket.cork()
    for (const chunk of chunks) this.#socket.write(chunk)
    this.#socket.uncork()
  }

  /** An empty write calls back once everything before it is with the kernel; the usual write needs no callback. */
  #await(): void {
    this.#awaited = true
    this.#socket.write(EMPTY, (error) => {
      this.#awaited = false
      if (error) return
      this.#reportDrained()
      if (this.#socket.writableLength > 0) this.#await()
    })
  }

  #reportDrained(): void {
    const drained = this.#writtenBytes - this.#socket.writableLength
    const bytes = drained - this.#reportedBytes
    if (bytes <= 0) return
    this.#reportedBytes = drained
    this.#sink({ kind: 'clientDrained', client: this.client, bytes })
  }
}
