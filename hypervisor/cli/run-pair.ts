/** `ft-run IMAGE`: a fault-tolerant pair on this machine. */
import { createLogger, loggerReporter } from '../host/reporter.ts'
import { Supervisor, type Ready } from '../host/supervisor.ts'
import { formatAddress } from '../host/switch/switch-port.ts'
import { checkImage, findImage, portMap } from './find-image.ts'
import type { PortOption } from './option-values.ts'
import { type TuningFlags, tuningFlags } from './tuning.ts'

export type RunFlags = TuningFlags & {
  readonly port?: readonly PortOption[]
  readonly bind: string
  readonly net: 'switch' | 'direct'
  readonly json: boolean
  readonly unprotected: boolean
}

const defaultPort: PortOption = { host: 7000, guest: undefined }

export async function runPair(name: string, args: readonly string[], flags: RunFlags): Promise<number> {
  const { image, path, guestPort } = await findImage(name)
  checkImage(image)
  const early: (() => void)[] = []
  const logger = createLogger(flags.json)
  let isReady = false
  const report = loggerReporter(logger)
  const supervisor = new Supervisor({
    command: [process.execPath, process.argv[1]!],
    replicaFlags: [...tuningFlags(flags), ...directFlags(flags), '--', path, ...args],
    ports: portMap(flags.port ?? [defaultPort], guestPort, flags.bind), net: flags.net, unprotected: flags.unprotected,
    // The ready line comes first: programs read it.
    report: (record) => (isReady ? report(record) : early.push(() => report(record))),
    onConsole: (text) => process.stderr.write(text)
  })
  stopOnSignals(supervisor)
  try {
    const ready = await supervisor.start()
    process.stdout.write(readyLine(name, ready, flags.json))
  } catch (error) {
    await supervisor.stop('start failed')
    throw error
  }
  isReady = true
  for (const record of early) record()
  return await supervisor.ended
}

function directFlags(flags: RunFlags): readonly string[] {
  if (flags.net !== 'direct') return []
  const ports = flags.port ?? [defaultPort]
  return ['--net', 'direct', '--bind', flags.bind, ...ports.flatMap(({ host, guest }) => ['--port', guest === undefined ? `${host}` : `${host}:${guest}`])]
}

function readyLine(name: string, { address, primary, backup }: Ready, json: boolean): string {
  const at = formatAddress(address)
  if (json) return `${JSON.stringify({ event: 'ready', address: at, primary: { pid: primary }, ...(backup === undefined ? {} : { backup: { pid: backup } }) })}\n`
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
