/** Listening sockets, with errors in one line. */
import type { AddressInfo, Server } from 'node:net'
import { formatAddress } from './switch-port.ts'
import type { Address } from './switch-port.ts'

/**
 * Makes `server` listen and resolves with the address it got. `what` names its purpose in errors.
 * @throws Error in one line: port in use, no such address, not permitted
 */
export async function bind(server: Server, address: Address, what: string): Promise<Address> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onError = (error: NodeJS.ErrnoException): void => reject(new Error(explain(error, address, what), { cause: error }))
  server.once('error', onError)
  server.listen({ host: address.host, port: address.port, backlog: 4096 }, resolve)
  await promise
  server.removeListener('error', onError)
  const { address: host, port } = server.address() as AddressInfo
  return { host, port }
}

function explain(error: NodeJS.ErrnoException, address: Address, what: string): string {
  const at = formatAddress(address)
  if (error.code === 'EADDRINUSE') {
    return `${what}: port ${address.port} on ${address.host} is in use; stop what listens there or choose another port`
  }
  if (error.code === 'EACCES') return `${what}: not permitted to listen on ${at}; choose a port above 1023`
  if (error.code === 'EADDRNOTAVAIL') return `${what}: ${address.host} is not an address of this machine`
  return `${what}: can't listen on ${at}: ${error.message}`
}

/** Stops listening and resolves when the port is free; connections are the caller's. */
export function unbind(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  return promise
}
