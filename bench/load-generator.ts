/**
 * A closed-loop load generator as a process of its own: every connection has one request under way. Lean on
 * purpose: requests are made beforehand, replies compared with the only right bytes, nothing else allocated.
 *
 * Run as `node bench/load-generator.ts '{"host":…,"port":…,…}'`; prints one JSON line, a `Measurement`.
 */
import { connect, type Socket } from 'node:net'
import { build } from 'hdr-histogram-js'

export type RequestKind = 'set' | 'get' | 'set+wait'

export type GeneratorOptions = {
  readonly host: string
  readonly port: number
  readonly connections: number
  readonly kind: RequestKind
  readonly warmUpMs: number
  readonly measureMs: number
}

export type Measurement = {
  readonly requestsPerSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Share of one processor that the generator itself was busy; near 1 it measures itself. Null if unknown. */
  readonly generatorBusy: number | null
}

const KEYS = 1000
const VALUE = 'v'.repeat(32)

type Exchange = { readonly request: Buffer; readonly reply: Buffer }

const exchange = (request: string, reply: string): Exchange => ({ request: Buffer.from(request), reply: Buffer.from(reply) })

function encode(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
}

/** Requests with the reply that each must get; GETs need the SETs to have been there. */
export function exchanges(kind: RequestKind): Exchange[] {
  return Array.from({ length: KEYS }, (_, i) => {
    const key = `key:${String(i).padStart(4, '0')}`
    const set = encode('SET', key, VALUE)
    if (kind === 'get') return exchange(encode('GET', key), `$${VALUE.length}\r\n${VALUE}\r\n`)
    if (kind === 'set') return exchange(set, '+OK\r\n')
    return exchange(set + encode('WAIT', '1', '0'), '+OK\r\n:1\r\n')
  })
}

/** @throws Error if a connection breaks or a reply isn't the right one */
export async function generateLoad(options: GeneratorOptions): Promise<Measurement> {
  if (options.kind === 'get') await drive(options, exchanges('set'), 0, (_, count) => count === KEYS)
  const latency = build({ numberOfSignificantValueDigits: 3 })
  const begin = performance.now() + options.warmUpMs
  const end = begin + options.measureMs
  let cpu: NodeJS.CpuUsage | undefined
  await Promise.all(driveAll(options, (sentAt, _count, now) => {
    if (sentAt >= begin) {
      cpu ??= process.cpuUsage()
      if (now < end) latency.recordValue(Math.max(1, Math.round((now - sentAt) * 1000)))
    }
    return now >= end
  }))
  const { user, system } = process.cpuUsage(cpu)
  return {
    requestsPerSecond: latency.totalCount / (options.measureMs / 1000),
    p50: latency.getValueAtPercentile(50), p99: latency.getValueAtPercentile(99),
    generatorBusy: (user + system) / 1000 / options.measureMs,
  }
}

type OnReply = (sentAt: number, count: number, now: number) => boolean

function driveAll(options: GeneratorOptions, onReply: OnReply): Promise<void>[] {
  const all = exchanges(options.kind)
  const firstOf = (connection: number): number => Math.floor((connection * KEYS) / options.connections)
  return Array.from({ length: options.connections }, (_, connection) => drive(options, all, firstOf(connection), onReply))
}

/** Sends one exchange after the other over one connection until `onReply` says enough. */
function drive(options: GeneratorOptions, all: readonly Exchange[], first: number, onReply: OnReply): Promise<void> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafe(4096)
    let [turn, count, received, sentAt, isOver] = [first, 0, 0, 0, false]
    const send = (): void => {
      sentAt = performance.now()
      socket.write((all[turn % KEYS] as Exchange).request)
    }
    const onBytes = (size: number, bytes: Uint8Array): boolean => {
      const { reply } = all[turn % KEYS] as Exchange
      if (!isNext(reply, received, bytes, size)) {
        socket.destroy(new Error(`wrong reply: ${JSON.stringify(Buffer.from(bytes).toString('latin1', 0, size))}`))
        return false
      }
      received += size
      if (received < reply.length) return true
      received = 0
      turn++
      isOver = onReply(sentAt, ++count, performance.now())
      if (isOver) socket.end()
      else send()
      return true
    }
    const socket: Socket = connect({ host: options.host, port: options.port, onread: { buffer, callback: onBytes } }, send)
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('close', () => (isOver ? resolve() : reject(new Error(`connection closed after ${count} replies`))))
  })
}

function isNext(reply: Buffer, from: number, bytes: Uint8Array, size: number): boolean {
  if (from + size > reply.length) return false
  for (let i = 0; i < size; i++) if (bytes[i] !== reply[from + i]) return false
  return true
}

if (import.meta.main) {
  try {
    const measurement = await generateLoad(JSON.parse(process.argv[2] as string) as GeneratorOptions)
    process.stdout.write(`${JSON.stringify(measurement)}\n`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`, () => process.exit(1))
  }
}
