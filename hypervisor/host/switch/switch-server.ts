/** The network switch as a server: public ports for clients, one link address for replicas (DESIGN §1). */
import type { Socket } from 'node:net'
import { createSocketServer } from '../../../logging-channel/secure-tcp.ts'
import type { LinkKey } from '../../../logging-channel/secure-tcp.ts'
import { bind, unbind } from './bind.ts'
import { LinkSocket } from './link-socket.ts'
import { openPublicListeners } from './public-listeners.ts'
import type { PortMap } from './public-listeners.ts'
import { SwitchHost } from './switch-host.ts'
import type { SwitchHandlers } from './switch-host.ts'
import type { Address } from './switch-port.ts'

export type SwitchServerOptions = SwitchHandlers & {
  /** Name of the virtual machine served; a replica of another one is refused. */
  readonly vm: string
  /** Where replicas connect. */
  readonly link: Address
  /** With a key, only replicas that prove to hold it are let in. */
  readonly key?: LinkKey | undefined
  /** Someone at the link address was refused; default: nothing is said. */
  readonly onRefused?: ((address: string, reason: string) => void) | undefined
  /** Guest port → where clients connect. */
  readonly ports: PortMap
}

export type SwitchServer = {
  readonly linkAddress: Address
  readonly publicAddresses: PortMap
  /** Client and console bytes held for the machine now. */
  readonly heldBytes: number
  readonly clientCount: number
  /** Bytes typed at the guest's console. */
  consoleInput(bytes: Uint8Array): void
  /** Drops all connections; resolves when the ports are free. */
  close(): Promise<void>
  /** As `close`, but clients get what was written to them, and have `graceMs` to take it. */
  end(graceMs: number): Promise<void>
}

/** Starts the switch. @throws Error in one line if an address can't be bound */
export async function createSwitchServer(options: SwitchServerOptions): Promise<SwitchServer> {
  const host = new SwitchHost(options.vm, options)
  const publicListeners = await openPublicListeners(host, options.ports)
  const onSocket = (socket: Socket): void => {
    host.own(socket)
    new LinkSocket(socket, host.take)
  }
  const server = createSocketServer({ allowHalfOpen: true, key: options.key, onSocket, onRefused: options.onRefused ?? (() => {}) })
  let linkAddress
  try {
    linkAddress = await bind(server, options.link, 'switch link')
  } catch (error) {
    host.close()
    await publicListeners.close()
    throw error
  }
  const free = async (): Promise<void> => void (await Promise.all([unbind(server), publicListeners.close()]))
  return {
    linkAddress,
    publicAddresses: publicListeners.addresses,
    get heldBytes() {
      return host.heldBytes
    },
    get clientCount() {
      return host.clientCount
    },
    consoleInput: (bytes) => host.take({ kind: 'consoleInput', bytes }),
    close() {
      host.close()
      return free()
    },
    async end(graceMs) {
      await Promise.all([host.end(graceMs), free()])
    }
  }
}
