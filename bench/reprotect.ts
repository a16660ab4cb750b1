/**
 * What a new backup costs the service that gets it: the primary's pause, how soon it is protected again, and what clients
 * notice meanwhile. `npm run bench:reprotect -- --help`
 */
import { connect, type Socket } from 'node:net'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build } from 'hdr-histogram-js'
import { commandLine } from '../hypervisor/cli/command-line.ts'
import { startService, type ServiceHandle } from '../ft-tests/drill/pair.ts'
import { type PairEvent, pidOf } from '../ft-tests/drill/pair-events.ts'
import { positive } from './option-values.ts'

type Flags = {
  readonly mib: number
  readonly rounds: number
  readonly connections: number
  readonly seconds: number
  readonly json: boolean
}

type Spread = { readonly p50: number; readonly p99: number; readonly max: number }

type Reply = { readonly at: number; readonly tookMs: number }

const examples = `
Each round kills the backup of a guest with that much memory, all of it touched, while clients change it.

Examples:
  npm run bench:reprotect                          64 MiB, 10 rounds
  npm run bench:reprotect -- --mib 1024 --rounds 3`

/** A pair may take so long to be protected again. */
const protectMsMax = 120_000

commandLine('npm run bench:reprotect --')
  .description('Measures re-protection under load.')
  .addOption(positive('--mib <n>', 'memory of the guest').default(64))
  .addOption(positive('--rounds <n>', 'backups killed, one after the other').default(10))
  .addOption(positive('--connections <n>', 'clients, each with one request under way').default(8))
  .addOption(positive('--seconds <n>', 'of undisturbed service before each kill').default(1))
  .option('--json', 'print one line of JSON', false)
  .addHelpText('after', examples)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`reprotect: ${(error as Error).message}\n`)
    process.exitCode = 1
  })

async function main(flags: Flags): Promise<void> {
  const ftRun = fileURLToPath(new URL('../hypervisor/cli/bin/ft-run.js', import.meta.url))
  const memoryMax = `${flags.mib + 64}MiB`
  const options = ['--json', '--port', '0', '--memory-max', memoryMax]
  const service = await startService([process.execPath, ftRun, ...options, 'ballast', `${flags.mib}`])
  try {
    const clients = await Promise.all(Array.from({ length: flags.connections }, () => Client.open(service.address)))
    const rounds: Round[] = []
    for (let round = 1; round <= flags.rounds; round++) {
      rounds.push(await measure(service, clients, flags))
      process.stderr.write(`round ${round}/${flags.rounds}: ${JSON.stringify(rounds.at(-1))}\n`)
    }
    for (const client of clients) client.close()
    report(flags, rounds, clients)
  } finally {
    await service.stop()
  }
}

type Round = {
  /** How long the machine stood still for the copy. */
  readonly pauseMs: number
  /** From the kill to protection, the start of the new process in it. */
  readonly protectedAgainMs: number
  /** From the new backup's hello to protection. */
  readonly sinceJoinMs: number
  readonly snapshotMiB: number
  /** What clients waited, from the kill to protection; and in the time before. */
  readonly during: Spread
  readonly before: Spread
  readonly repliesDuring: number
}

async function measure({ events }: ServiceHandle, clients: readonly Client[], { seconds }: Flags): Promise<Round> {
  for (const client of clients) client.replies.length = 0
  const startedAt = performance.now()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const backup = pidOf((events.seen.findLast(({ event }) => event === 'ready' || event === 'pair') as PairEvent).backup)
  const seen = events.seen.length
  const isNew = (name: string) => (event: PairEvent): boolean => event.event === name && events.seen.indexOf(event) >= seen
  const killedAt = performance.now()
  process.kill(backup, 'SIGKILL')
  if (await events.find(isNew('pair'), protectMsMax) === null) throw new Error('the service was not protected again')
  const protectedAt = performance.now()
  const snapshot = await events.find(isNew('snapshot'), 1000)
  const isProtected = (event: PairEvent): boolean => isNew('protected')(event) && event.role === 'primary'
  const protection = await events.find(isProtected, 1000)
  const replies = clients.flatMap((client) => client.replies)
  const during = replies.filter(({ at }) => at > killedAt && at - 0 <= protectedAt)
  return {
    pauseMs: Number(snapshot?.copyMs), protectedAgainMs: Math.round(protectedAt - killedAt), sinceJoinMs: Number(protection?.sinceMs),
    snapshotMiB: Math.round(Number(snapshot?.bytes) / 2 ** 20), repliesDuring: during.length, during: spread(during),
    before: spread(replies.filter(({ at }) => at > startedAt && at <= killedAt))
  }
}

function spread(replies: readonly Reply[]): Spread {
  const histogram = build({ numberOfSignificantValueDigits: 3 })
  for (const { tookMs } of replies) histogram.recordValue(Math.round(tookMs * 1000))
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000
  return { p50: at(50), p99: at(99), max: at(100) }
}

function report(flags: Flags, rounds: readonly Round[], clients: readonly Client[]): void {
  const over = (of: (round: Round) => number): { readonly median: number; readonly max: number } => {
    const values = rounds.map(of).sort((a, b) => a - b)
    return { median: values[Math.floor(values.length / 2)]!, max: values.at(-1)! }
  }
  const figures = {
    mib: flags.mib, rounds: rounds.length, load: Math.round(loadavg()[0]! * 10) / 10,
    brokenConnections: clients.filter(({ broken }) => broken).length,
    pauseMs: over(({ pauseMs }) => pauseMs), protectedAgainMs: over(({ protectedAgainMs }) => protectedAgainMs),
    sinceJoinMs: over(({ sinceJoinMs }) => sinceJoinMs), repliesDuring: over(({ repliesDuring }) => repliesDuring),
    latencyBeforeP50: over(({ before }) => before.p50), latencyBeforeP99: over(({ before }) => before.p99),
    latencyDuringP50: over(({ during }) => during.p50), latencyDuringP99: over(({ during }) => during.p99),
    latencyDuringMax: over(({ during }) => during.max)
  }
  if (flags.json) return void process.stdout.write(`${JSON.stringify(figures)}\n`)
  for (const [name, value] of Object.entries(figures)) {
    const text = typeof value === 'number' ? `${value}` : `median ${value.median}, max ${value.max}`
    process.stdout.write(`${name.padEnd(18)}  ${text}\n`)
  }
}

/** One connection, one request of a byte under way, all the time. */
class Client {
  readonly replies: Reply[] = []
  broken = false
  readonly #socket: Socket
  #sentAt = 0
  #closing = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', () => {
      const at = performance.now()
      this.replies.push({ at, tookMs: at - this.#sentAt })
      this.#ask()
    })
    socket.on('error', () => (this.broken = true))
    socket.on('close', () => (this.broken ||= !this.#closing))
    this.#ask()
  }

  static open({ host, port }: { host: string; port: number }): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port }, () => resolve(new Client(socket)))
      socket.once('error', reject)
    })
  }

  close(): void {
    this.#closing = true
    this.#socket.destroy()
  }

  #ask(): void {
    this.#sentAt = performance.now()
    this.#socket.write('x')
  }
}
