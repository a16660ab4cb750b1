/** What all the `--port` options of a command line come to. */
import { UsageError } from '../host/usage-error.ts'
import type { PortMap } from '../host/switch/public-listeners.ts'
import type { PortOption } from './option-values.ts'

/**
 * Guest port → address. A plain `--port` is the built-in guest's own port, or the same number for other images.
 * @throws UsageError if a port is there twice, or the guest's port can't be known
 */
export function portMap(options: readonly PortOption[], guestPort: number | undefined, bind: string): PortMap {
  const ports = new Map<number, { host: string; port: number }>()
  const taken = new Set<number>()
  for (const option of options) {
    if (taken.has(option.host)) throw new UsageError(`--port ${option.host} is given twice`)
    if (option.host !== 0) taken.add(option.host)
    const guest = option.guest ?? (ports.size === 0 ? guestPort : undefined) ?? option.host
    if (guest === 0) throw new UsageError('--port 0 needs the guest\'s port for this image: --port 0:GUESTPORT')
    if (ports.has(guest)) throw new UsageError(`guest port ${guest} is published twice`)
    ports.set(guest, { host: bind, port: option.host })
  }
  return ports
}
