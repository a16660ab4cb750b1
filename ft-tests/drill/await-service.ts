/** Is there a service? A new client asks until it is answered. */
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Address } from './resp-client.ts'

const ATTEMPT_MS = 1000

/** Milliseconds until the service answered a PING of a new connection; null if it never did in time. */
export async function awaitService(address: Address, timeoutMs: number): Promise<number | null> {
  const start = performance.now()
  while (performance.now() - start < timeoutMs) {
    if (await ping(address)) return performance.now() - start
    await pause(20)
  }
  return null
}

function ping(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => socket.write('PING\r\n'))
    const finish = (answered: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answered)
    }
    const timer = setTimeout(() => finish(false), ATTEMPT_MS)
    socket.once('data', () => finish(true)).on('error', () => finish(false)).once('close', () => finish(false))
  })
}
