/** The addresses that clients connect to: one listener per published guest port. */
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { SwitchClient } from '../../switch/client.ts'
import { bind, unbind } from './bind.ts'
import { ClientSocket } from './client-socket.ts'
import type { SwitchHost } from './switch-host.ts'
import { formatAddress } from './switch-port.ts'
import type { Address } from './switch-port.ts'

/** Guest port → address that clients use. */
export type PortMap = ReadonlyMap<number, Address>

export type PublicListeners = {
  /** Guest port → address it got. */
  readonly addresses: PortMap
  close(): Promise<void>
}

/**
 * Binds every published port at once, before the guest listens: clients that come early are held.
 * @throws Error in one line if one can't be bound; none stays bound then
 */
export async function openPublicListeners(host: SwitchHost, ports: PortMap): Promise<PublicListeners> {
  const servers: Server[] = []
  const addresses = new Map<number, Address>()
  const close = async (): Promise<void> => void (await Promise.all(servers.map(unbind)))
  try {
    for (const [guestPort, address] of ports) {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accept(host, guestPort, socket))
      addresses.set(guestPort, await bind(server, address, 'port for clients'))
      servers.push(server)
    }
  } catch (error) {
    host.close()
    await close()
    throw error
  }
  return { addresses, close }
}

function accept(host: SwitchHost, guestPort: number, socket: Socket): void {
  // A socket that broke before it was accepted has no peer any more.
  const peer = { host: socket.remoteAddress ?? 'unknown', port: socket.remotePort ?? 0 }
  const client = new SwitchClient(undefined, guestPort, formatAddress(peer))
  host.own(socket)
  new ClientSocket(socket, client, host.take)
  host.take({ kind: 'clientOpened', client })
}
