/** `ft-run IMAGE`: a fault-tolerant pair on this machine. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { control } from '../host/control.ts'
import { listenControl } from '../host/control-socket.ts'
import { createReporter } from '../host/logger.ts'
import { Supervisor, type Ready } from '../host/supervisor.ts'
import type { PortMap } from '../host/switch/public-listeners.ts'
import { formatAddress } from '../host/switch/switch-port.ts'
import type { PairEngineFlags } from './engine-options.ts'
import { checkImage, findImage } from './find-image.ts'
import type { PortOption } from './option-values.ts'
import { portMap } from './port-map.ts'
import { recordsDirectory } from './records.ts'
import { checkTuning, type TuningFlags, tuningFlags } from './tuning.ts'

export type RunFlags = TuningFlags & PairEngineFlags & {
  readonly port?: readonly PortOption[]
  readonly bind: string
  readonly net: 'switch' | 'direct'
  readonly json: boolean
  readonly unprotected: boolean
  readonly records?: string
}

/** Why a start takes so long, or will never come to an end. */
const toldAtOnce = new Set<unknown>(['unpublished-port', 'waiting-for'])
/** A start that takes so long is said to be under way. */
const slowStartMs = 10_000
const defaultPort: PortOption = { host: 7000, guest: undefined }

export async function runPair(name: string, args: readonly string[], flags: RunFlags): Promise<number> {
  checkTuning(flags)
  const { image, path, guestPort } = await findImage(name)
  checkImage(image)
  // Without a switch both replicas open the ports, one after the other: "any port" must be the same one.
  const wanted = flags.port ?? [defaultPort]
  const settled = flags.net === 'direct' ? await Promise.all(wanted.map((port) => settlePort(port, flags.bind))) : wanted
  const ports = portMap(settled, guestPort, flags.bind)
  const early: (() => void)[] = []
  const isForPeople = !flags.json && process.stdout.isTTY
  let isReady = false
  const report = await createReporter(flags.json)
  const supervisor = new Supervisor({
    command: [process.execPath, process.argv[1]!],
    replicaFlags: [...tuningFlags(flags), ...directFlags(flags, ports), '--', path, ...args],
    engines: { primary: flags.engine, backup: flags.backupEngine ?? flags.engine }, codeCache: flags.codeCache,
    ports, net: flags.net, unprotected: flags.unprotected, recordsDirectory: recordsDirectory(flags.records),
    // The ready line comes first: programs read it. To a person it says what the steps before it came to.
    report: (record) => {
      if (isReady) report(record)
      // There may never be a ready line to wait for.
      else if (toldAtOnce.has(record.fields['event'])) process.stderr.write(`ft-run: ${record.msg}\n`)
      else if (record.level !== 'info' || !isForPeople) early.push(() => report(record))
    },
    onConsole: (text) => process.stderr.write(text)
  })
  stopOnSignals(supervisor)
  const closeControl = await listenControl((command) => control(supervisor, command)).catch((error: Error) => {
    early.push(() => report({ level: 'warn', msg: `ft-ctl can't reach this ft-run: ${error.message}`, fields: { event: 'no-control' } }))
  })
  const guestPorts = [...ports.keys()].join(', ')
  const slow = setInterval(() => {
    process.stderr.write(`ft-run: still starting: the guest has to listen on port ${guestPorts}, and the backup to join\n`)
  }, slowStartMs)
  try {
    const ready = await supervisor.start()
    process.stdout.write(readyLine(name, ready, flags.json))
  } catch (error) {
    closeControl?.()
    await supervisor.stop('start failed')
    throw error
  } finally {
    clearInterval(slow)
  }
  isReady = true
  for (const record of early) record()
  const code = await supervisor.ended
  closeControl?.()
  if (isForPeople) process.stdout.write('ft-run: stopped, nothing is left running\n')
  return code
}

function directFlags(flags: RunFlags, ports: PortMap): readonly string[] {
  if (flags.net !== 'direct') return []
  return ['--net', 'direct', '--bind', flags.bind, ...[...ports].flatMap(([guest, { port }]) => ['--port', `${port}:${guest}`])]
}

async function settlePort(port: PortOption, host: string): Promise<PortOption> {
  if (port.host !== 0) return port
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port: free } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return { ...port, host: free }
}

function readyLine(name: string, { address, primary, backup }: Ready, json: boolean): string {
  const at = formatAddress(address)
  const protectedBy = backup === undefined ? {} : { backup: { pid: backup } }
  if (json) return `${JSON.stringify({ event: 'ready', address: at, primary: { pid: primary }, ...protectedBy })}\n`
  const pair = backup === undefined ? `UNPROTECTED, process ${primary}` : `primary ${primary}, backup ${backup}`
  return `ft-run: ${name} is ready at ${at} (${pair})\n`
}

function stopOnSignals(supervisor: Supervisor): void {
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked) return // a second Ctrl-C changes nothing: stopping is bounded in time anyway
      asked = true
      void supervisor.stop(`stopped by ${signal}`)
    })
  }
}
