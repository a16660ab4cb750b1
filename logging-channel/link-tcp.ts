/** Links over TCP. */
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Link, LinkHandlers } from './link.ts'
import { createSocketServer, explainHandshake, openSocket } from './secure-tcp.ts'
import type { LinkKey } from './secure-tcp.ts'

/** How long `close` waits for the peer to end its side as well, before it gives the connection up. */
const CLOSE_TIMEOUT_MS = 1000
/** How long one attempt to connect may take: packets to a dead host are answered by nobody. */
const ATTEMPT_TIMEOUT_MS = 2000

class TcpLink implements Link {
  readonly peer: string
  private readonly socket: Socket
  private handlers: LinkHandlers | null = null
  private error: Error | null = null
  private isClosing = false
  private isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
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

export type ConnectOptions = {
  readonly host: string
  readonly port: number
  /** Gives up after this long. Default 10 000; 0: one attempt. */
  readonly timeoutMs?: number
  /** Pause between attempts. Default 50. */
  readonly retryMs?: number
  /** With a key the link is encrypted and both sides prove that they hold it. */
  readonly key?: LinkKey | undefined
  /** Gives up at once, with the signal's reason. */
  readonly signal?: AbortSignal
}

/** Connects, trying again until the peer listens. @throws Error in one line with address and last cause, once the time is over */
export async function connectLink(options: ConnectOptions): Promise<Link> {
  const { host, port, timeoutMs = 10_000, retryMs = 50, key, signal } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    const leftMs = timeoutMs === 0 ? ATTEMPT_TIMEOUT_MS : Math.max(deadline - performance.now(), 1)
    const outcome = await attempt({ host, port }, Math.min(leftMs, ATTEMPT_TIMEOUT_MS), key, signal)
    if (!(outcome instanceof Error)) return new TcpLink(outcome)
    signal?.throwIfAborted()
    const address = formatAddress(host, port)
    const stranger = explainHandshake(outcome)
    if (stranger !== undefined) throw new Error(`no connection to ${address}: ${stranger}`, { cause: outcome })
    if (performance.now() + retryMs >= deadline) {
      throw new Error(`no connection to ${address}: ${reasonOf(outcome)}; is the peer running there?`, { cause: outcome })
    }
    await delay(retryMs, undefined, signal === undefined ? {} : { signal })
  }
}

function attempt(
  address: { readonly host: string; readonly port: number }, timeoutMs: number, key: LinkKey | undefined, signal: AbortSignal | undefined,
): Promise<Socket | Error> {
  return new Promise(resolve => {
    const socket = openSocket(address, key, () => finish(socket))
    const finish = (outcome: Socket | Error): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.removeListener('error', finish)
      resolve(outcome)
    }
    const giveUp = (reason: Error): void => {
      socket.on('error', () => {})
      socket.destroy()
      finish(reason)
    }
    const timer = setTimeout(() => giveUp(new Error(`no answer within ${Math.round(timeoutMs)} ms`)), timeoutMs)
    const onAbort = (): void => giveUp(new Error('aborted'))
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.on('error', finish)
  })
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
    const server = createSocketServer({ allowHalfOpen: false, key, onSocket: socket => onLink(new TcpLink(socket)), onRefused })
    server.once('error', error => {
      reject(new Error(`can't listen on ${formatAddress(host, port)}: ${reasonOf(error)}`, { cause: error }))
    })
    server.listen(port, host, () => {
      const bound = server.address() as AddressInfo
      resolve({ host: bound.address, port: bound.port, close: () => new Promise(done => server.close(() => done())) })
    })
  })
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is already in use, choose another',
  EACCES: 'not permitted, choose a port above 1023',
  EADDRNOTAVAIL: 'this host has no such address',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EHOSTUNREACH: 'the host can not be reached',
  ENETUNREACH: 'the network can not be reached'
}

function reasonOf(error: Error): string {
  return reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message
}

function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
