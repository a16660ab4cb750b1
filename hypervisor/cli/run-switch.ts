/** `ft-run switch`: the network switch on its own, beside the clients or the gateway. */
import { deriveLinkKey } from '../../logging-channel/secure-tcp.ts'
import { createReporter } from '../host/logger.ts'
import { refusedRecord } from '../host/reporter.ts'
import { switchRecord } from '../host/switch-report.ts'
import { createSwitchServer } from '../host/switch/switch-server.ts'
import { formatAddress, type Address } from '../host/switch/switch-port.ts'
import type { PortOption } from './option-values.ts'
import { portMap } from './port-map.ts'
import { type SecurityFlags, sharedSecret } from './security.ts'

export type SwitchFlags = SecurityFlags & {
  readonly vm: string
  readonly link: Address
  readonly port: readonly PortOption[]
  readonly bind: string
  readonly json?: boolean
}

/** How long clients of a machine that has ended may take to read its last words. */
const graceMs = 1000

/** Ends when its machine does: nobody will ever serve these clients again. */
export async function runSwitch(flags: SwitchFlags): Promise<number> {
  const report = await createReporter(flags.json ?? false)
  const ended = Promise.withResolvers<number>()
  const onFarewell = (reason: string): void => {
    const msg = `switch: the machine has ended: ${reason}; so does its switch`
    report({ level: 'info', msg, fields: { role: 'switch', event: 'farewell', reason } })
    void server.end(graceMs).then(() => ended.resolve(0))
  }
  const secret = await sharedSecret(flags, [flags.link])
  const server = await createSwitchServer({
    vm: flags.vm, link: flags.link, key: secret && deriveLinkKey(secret, 'switch', flags.vm),
    ports: portMap(flags.port, undefined, flags.bind),
    onRefused: (address, reason) => report(refusedRecord('switch', address, reason)),
    onReport: (r) => report(switchRecord(r)),
    onFarewell,
    onConsole: (bytes) => process.stderr.write(bytes),
    onListen: (port) => report({ level: 'info', msg: `guest listens on its port ${port}`, fields: { event: 'guest-listen', port } })
  })
  const clients = [...server.publicAddresses].map(([guest, address]) => `${formatAddress(address)} → guest port ${guest}`).join(', ')
  const link = formatAddress(server.linkAddress)
  report({ level: 'info', msg: `switch: replicas connect to ${link}, clients to ${clients}`, fields: { event: 'ready', link, clients } })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void server.close().then(() => ended.resolve(0)))
  return await ended.promise
}
