/** Links over TCP. */
import type { AddressInfo, Socket } from 'node:net'
import { dial, DialError, reasonOf } from './dial-tcp.ts'
import type { DialOptions } from './dial-tcp.ts'
import type { Link, LinkHandlers } from './link.ts'
import { createSocketServer } from './secure-tcp.ts'
import type { LinkKey } from './secure-tcp.ts'

/** How long `close` waits for the peer to end its side as well, before it gives the connection up. */
const CLOSE_TIMEOUT_MS = 1000

class TcpLink implements Link {
  readonly peer: string
  readonly isSecure: boolean
  private readonly socket: Socket
  private handlers: LinkHandlers | null = null
  private error: Error | null = null
  private isClosing = false
  private isClosed = false

  constructor(socket: Socket, isSecure: boolean) {
    this.socket = socket
    this.isSecure = isSecure
    this.peer = formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
    // The caller batches a turn's frames into one write: waiting for more (Nagle) could only add latency.
    socket.setNoDelay(true)
    socket.on('error', error => {
      this.error = error
    })
    socket.on('close', () => this.onSocketClose())
  }

  get bufferedBytes(): number {
    return this.socket.writableLength
  }

  start(handlers: LinkHandlers): void {
    if (this.handlers !== null) throw new Error('link is already started')
    this.handlers = handlers
    if (this.isClosed) {
      // As if it closed just now, so that the owner's code runs in the order it always does.
      queueMicrotask(() => handlers.onClose(this.error))
      return
    }
    this.socket.on('data', (chunk: Buffer) => {
      // Plain views: a Buffer would make every byte field decoded from it a Buffer too.
      if (!this.isClosing) handlers.onBytes(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length))
    })
  }

  send(bytes: Uint8Array): void {
    if (this.socket.writable) this.socket.write(bytes)
  }

  close(): void {
    if (this.isClosing) return
    this.isClosing = true
    this.socket.end()
    // Unread bytes at close would make the kernel reset the connection, and the peer lose what was sent last.
    this.socket.resume()
    const timer = setTimeout(() => this.socket.destroy(), CLOSE_TIMEOUT_MS)
    this.socket.on('close', () => clearTimeout(timer))
  }

  destroy(): void {
    this.isClosing = true
    this.socket.destroy()
  }

  pause(): void {
    if (!this.isClosing) this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  private onSocketClose(): void {
    this.isClosed = true
    this.handlers?.onClose(this.error)
  }
}

/** Connects, trying again until the peer listens. @throws Error in one line with address and last cause, once the time is over */
export async function connectLink(options: DialOptions): Promise<Link> {
  try {
    return new TcpLink(await dial(options), options.key !== undefined)
  } catch (error) {
    if (!(error instanceof DialError)) throw error
    const advice = error.isStranger ? '' : '; is the peer running there?'
    throw new Error(`no connection to ${formatAddress(options.host, options.port)}: ${error.message}${advice}`, { cause: error })
  }
}

export type ListenOptions = {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** With a key, only peers that prove to hold it become links. */
  readonly key?: LinkKey | undefined
  /** Someone was refused; default: nothing is said. */
  readonly onRefused?: ((address: string, reason: string) => void) | undefined
  /** Every connection made to this listener; the owner starts it. */
  readonly onLink: (link: Link) => void
}

export type Listener = {
  readonly host: string
  readonly port: number
  /** Stops accepting; links already made go on. */
  close(): Promise<void>
}

/** Listens for links. @throws Error in one line that names the address: port taken, not permitted, no such address */
export function listenLinks(options: ListenOptions): Promise<Listener> {
  const { host, port, key, onLink, onRefused = () => {} } = options
  return new Promise((resolve, reject) => {
    const onSocket = (socket: Socket): void => onLink(new TcpLink(socket, key !== undefined))
    const server = createSocketServer({ allowHalfOpen: false, key, onSocket, onRefused })
    server.once('error', error => {
      reject(new Error(`can't listen on ${formatAddress(host, port)}: ${reasonOf(error)}`, { cause: error }))
    })
    server.listen(port, host, () => {
      const bound = server.address() as AddressInfo
      resolve({ host: bound.address, port: bound.port, close: () => new Promise(done => server.close(() => done())) })
    })
  })
}

function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
