/** A TCP client that keeps its connection, and answers to be awaited. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Closer } from './command.ts'

export class TcpClient {
  readonly socket: Socket
  /** Received and not yet taken. */
  #received = ''
  #wake: () => void = () => {}
  /** Why the connection is gone; undefined while it stands. */
  closed: string | undefined

  private constructor(socket: Socket) {
    this.socket = socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#wake()
    })
    socket.on('error', (error) => this.#onClosed(error.message))
    socket.on('close', () => this.#onClosed('closed'))
  }

  static async open(t: Closer, { host, port }: { host: string; port: number }): Promise<TcpClient> {
    const socket = connect({ host, port })
    await once(socket, 'connect')
    t.teardown(() => socket.destroy())
    return new TcpClient(socket)
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Takes the next `length` characters. @throws if the connection ends before them */
  async receive(length: number): Promise<string> {
    while (this.#received.length < length) {
      if (this.closed !== undefined) throw new Error(`connection ${this.closed}, ${this.#received.length} of ${length} bytes came`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const text = this.#received.slice(0, length)
    this.#received = this.#received.slice(length)
    return text
  }

  /** Sends, and takes an answer of `length` characters. */
  async ask(text: string, length: number): Promise<string> {
    this.send(text)
    return await this.receive(length)
  }

  /** Waits for the end of the connection. */
  async end(): Promise<string> {
    while (this.closed === undefined) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.closed
  }

  #onClosed(why: string): void {
    this.closed ??= why
    this.#wake()
  }
}
