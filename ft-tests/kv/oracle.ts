import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A real redis-server, private to one test file. */
export class Oracle {
  readonly port: number
  readonly #process: ChildProcess

  constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#process = child
  }

  /** Sends bytes on a connection of their own and gives all that comes back until it is quiet or closed. */
  async exchange(bytes: Uint8Array, quietMs = 60): Promise<{ bytes: Buffer, closed: boolean }> {
    const client = await OracleClient.connect(this.port)
    client.socket.write(bytes)
    const answer = await client.untilQuiet(quietMs)
    client.close()
    return answer
  }

  connect(): Promise<OracleClient> {
    return OracleClient.connect(this.port)
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
  }
}

const MARK = 'mark-of-the-end-of-this-script'

export class OracleClient {
  readonly socket: Socket
  #received: Buffer[] = []
  #closed = false
  #onData = (): void => {}

  constructor(socket: Socket) {
    this.socket = socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => {
      this.#received.push(bytes)
      this.#onData()
    })
    socket.on('close', () => {
      this.#closed = true
      this.#onData()
    })
    socket.on('error', () => {})
  }

  static async connect(port: number): Promise<OracleClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new OracleClient(socket)
  }

  /** Sends complete requests and gives all their replies. */
  async ask(bytes: Uint8Array): Promise<Buffer> {
    this.socket.write(bytes)
    this.socket.write(`*2\r\n$4\r\nECHO\r\n$${MARK.length}\r\n${MARK}\r\n`)
    const mark = Buffer.from(`$${MARK.length}\r\n${MARK}\r\n`)
    for (;;) {
      const last = this.#received.at(-1)
      if (last !== undefined) {
        const all = Buffer.concat(this.#received)
        this.#received = [all]
        if (all.subarray(-mark.length).equals(mark)) {
          this.#received = []
          return all.subarray(0, -mark.length)
        }
      }
      if (this.#closed) throw new Error('redis-server closed the connection in the middle of a script')
      await new Promise<void>(resolve => { this.#onData = resolve })
    }
  }

  async untilQuiet(quietMs: number): Promise<{ bytes: Buffer, closed: boolean }> {
    let seen = -1
    while (!this.#closed && seen !== this.#received.length) {
      seen = this.#received.length
      await Promise.race([sleep(quietMs), new Promise<void>(resolve => { this.#onData = resolve })])
    }
    return { bytes: Buffer.concat(this.#received), closed: this.#closed }
  }

  close(): void {
    this.socket.destroy()
  }
}

/** Starts redis-server on a free loopback port, or gives undefined if there is no such program here. */
export async function startOracle(): Promise<Oracle | undefined> {
  const port = await freePort()
  const child = spawn('redis-server', [
    '--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--loglevel', 'warning',
    '--databases', '1'
  ], { stdio: 'ignore' })
  const failed = await Promise.race([once(child, 'error').then(() => true), once(child, 'spawn').then(() => false)])
  if (failed) return undefined
  for (let tries = 0; tries < 100; tries++) {
    try {
      (await OracleClient.connect(port)).close()
      return new Oracle(port, child)
    } catch {
      await sleep(50)
    }
  }
  child.kill('SIGKILL')
  throw new Error(`redis-server did not open port ${port} within 5 s`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
