/** A TCP proxy that can change what passes from the target to whoever connected. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

type Address = { readonly host: string; readonly port: number }

export class TamperingProxy {
  readonly address: Address
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Applied to every piece that the target sends. */
  tamper: (bytes: Buffer) => Buffer = (bytes) => bytes

  private constructor(server: Server) {
    this.#server = server
    const { address: host, port } = server.address() as AddressInfo
    this.address = { host, port }
  }

  static async start(target: Address): Promise<TamperingProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new TamperingProxy(server)
    server.on('connection', (near) => proxy.#join(near, connect(target)))
    return proxy
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [[near, far], [far, near]] as const) {
      this.#sockets.add(from.setNoDelay(true))
      from.on('data', (bytes: Buffer) => to.write(from === far ? this.tamper(bytes) : bytes))
      from.on('close', () => to.destroy())
      from.on('error', () => to.destroy())
    }
  }
}
