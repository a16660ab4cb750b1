/** `ft-run primary` and `ft-run backup`: one replica, on its own host or started by `ft-run IMAGE`. */
import { flushCompileCache } from 'node:module'
import { ExitCode } from '../ft/exit-codes.ts'
import { ReplicaProcess } from '../host/replica-process.ts'
import { engineRecord, ignoredSignalRecord, keptRecord, recordOf, refusedRecord, waitingRecord, type LogRecord } from '../host/reporter.ts'
import type { FromReplica, ToReplica } from '../host/supervisor-messages.ts'
import { formatAddress, type Address } from '../host/switch/switch-port.ts'
import { UsageError } from '../host/usage-error.ts'
import type { EngineFlags } from './engine-options.ts'
import { findImage } from './find-image.ts'
import type { PortOption } from './option-values.ts'
import { portMap } from './port-map.ts'
import { recordsDirectory } from './records.ts'
import { type SecurityFlags, sharedSecret } from './security.ts'
import { checkTuning, type TuningFlags, tuningOf } from './tuning.ts'

export type ReplicaFlags = TuningFlags & EngineFlags & SecurityFlags & {
  readonly vm: string
  readonly arbiter: string
  readonly switch?: Address
  readonly listen?: Address
  readonly primary?: Address
  readonly net: 'switch' | 'direct'
  readonly port?: readonly PortOption[]
  readonly bind: string
  readonly unprotected?: boolean
  readonly records?: string
  readonly json?: boolean
}

/** A supervisor that was told to end has said so by then. */
const signalPatienceMs = 500

export async function runReplica(role: 'primary' | 'backup', name: string, args: readonly string[], flags: ReplicaFlags): Promise<number> {
  checkTuning(flags)
  const { image, guestPort } = await findImage(name)
  const listen = flags.listen ?? { host: '127.0.0.1', port: 0 }
  const secret = await sharedSecret(flags, [listen, flags.primary, flags.net === 'switch' ? flags.switch : undefined])
  const voice = process.send === undefined ? await standalone(flags.json ?? false) : supervised()
  const ended = Promise.withResolvers<number>()
  // Until it is up, there is nothing to end in good order.
  const orphaned = (): never => process.exit(ExitCode.host)
  process.once('disconnect', orphaned)
  if (process.send !== undefined && !process.connected) orphaned()
  const replica = await ReplicaProcess.start({
    ...tuningOf(flags), role, image, args, vm: flags.vm, arbiterDirectory: flags.arbiter, unprotected: flags.unprotected ?? false,
    recordsDirectory: recordsDirectory(flags.records),
    listen, primary: flags.primary, sharedSecret: secret, engine: flags.engine, codeCache: flags.codeCache,
    net: networkOf(flags, guestPort),
    events: {
      onReport: (report, now) => voice({ type: 'log', record: recordOf(now, report), report }),
      onEngine: (made) => voice({ type: 'log', record: engineRecord(role, made) }),
      onSnapshotKept: (kept) => voice({ type: 'log', record: keptRecord(kept) }),
      onWaiting: (what, reason, now) => voice({ type: 'log', record: waitingRecord(now, what, reason) }),
      onRefused: (address, reason, now) => voice({ type: 'log', record: refusedRecord(now, address, reason) }),
      onListening: (address) => voice({ type: 'listening', address }),
      onGuestListen: (port) => voice({ type: 'guestListen', port }),
      onConsole: (bytes) => voice({ type: 'console', text: new TextDecoder().decode(bytes) }),
      onHalt: (code, reason) => {
        voice({ type: 'halted', code, reason })
        ended.resolve(code)
      }
    }
  })
  process.off('disconnect', orphaned)
  obey(replica, voice)
  // Our own code, compiled, for the replicas to come (see replica-child.ts): now, while the first backup is only being started.
  if (role === 'primary') flushCompileCache()
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (error: unknown) => replica.fail(error))
  return await ended.promise
}

function networkOf(flags: ReplicaFlags, guestPort: number | undefined) {
  if (flags.net === 'direct') return { direct: portMap(flags.port ?? [{ host: 7000, guest: undefined }], guestPort, flags.bind) }
  if (flags.switch !== undefined) return { switch: flags.switch }
  throw new UsageError('--switch HOST:PORT is missing: the address of "ft-run switch" (or use --net direct)')
}

function obey(replica: ReplicaProcess, voice: (message: FromReplica) => void): void {
  const isSupervised = process.send !== undefined
  let forUsAlone: NodeJS.Timeout | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!isSupervised) return replica.powerOff(`stopped by ${signal}`)
      // Ctrl-C goes to the whole group: the supervisor decides and tells us. If it does not, the signal was for us alone.
      clearTimeout(forUsAlone)
      forUsAlone = setTimeout(() => voice({ type: 'log', record: ignoredSignalRecord(replica.role, signal) }), signalPatienceMs)
    })
  }
  process.on('message', (message: ToReplica) => {
    switch (message.type) {
      case 'powerOff':
        clearTimeout(forUsAlone)
        return replica.powerOff(message.reason)
      case 'console': return replica.consoleInput(new TextEncoder().encode(message.text))
      case 'status': return voice({ type: 'status', status: replica.status() })
      default: return replica.control(message.type)
    }
  })
  process.on('disconnect', () => replica.powerOff('ft-run is gone'))
}

function supervised(): (message: FromReplica) => void {
  return (message) => {
    // A supervisor that is gone can't listen; `disconnect` ends this replica.
    if (process.connected) process.send!(message, undefined, {}, () => {})
  }
}

async function standalone(json: boolean): Promise<(message: FromReplica) => void> {
  const { createReporter } = await import('../host/logger.ts')
  const report = await createReporter(json)
  return (message) => {
    if (message.type === 'console') process.stderr.write(message.text)
    else if (message.type !== 'status') report(standaloneRecord(message))
  }
}

function standaloneRecord(message: Exclude<FromReplica, { type: 'console' | 'status' }>): LogRecord {
  if (message.type === 'log') return message.record
  if (message.type === 'listening') {
    const at = formatAddress(message.address)
    return { level: 'info', msg: `primary: takes a backup at ${at}`, fields: { event: 'listening', address: at } }
  }
  if (message.type === 'guestListen') {
    return { level: 'info', msg: `guest listens on its port ${message.port}`, fields: { event: 'guest-listen', port: message.port } }
  }
  const level = message.code === ExitCode.ok ? 'info' : 'error'
  return { level, msg: `halted: ${message.reason}`, fields: { event: 'halt', code: message.code } }
}
