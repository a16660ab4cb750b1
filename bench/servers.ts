/** The services that are compared: ft-run in three modes, and Redis with and without a replica to wait for. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../ft-tests/drill/free-port.ts'
import { isChangeOfRoles } from '../ft-tests/drill/pair-events.ts'
import { startService, type ServiceHandle } from '../ft-tests/drill/pair.ts'
import type { Address } from '../ft-tests/drill/resp-client.ts'
import type { RequestKind } from './load-generator.ts'

export const MODES = ['unprotected', 'direct', 'switch', 'redis', 'redis-wait'] as const
export type Mode = (typeof MODES)[number]

export type Server = {
  readonly address: Address
  /** @throws Error if it is no longer what was started: a pair that lost its backup would pass for a protected one */
  verify?(): void
  stop(): Promise<void>
}

export const MODE_TEXTS: Readonly<Record<Mode, string>> = {
  'unprotected': 'ft-run kv --unprotected',
  'direct': 'ft-run kv --net direct',
  'switch': 'ft-run kv',
  'redis': 'redis-server, in memory',
  'redis-wait': 'redis-server, every SET followed by WAIT 1 for one replica',
}

/** What is measured in a mode, with the request that stands for it: reads need no WAIT. */
export const REQUESTS: Readonly<Record<Mode, { readonly set: RequestKind; readonly get?: RequestKind }>> = {
  'unprotected': { set: 'set', get: 'get' },
  'direct': { set: 'set', get: 'get' },
  'switch': { set: 'set', get: 'get' },
  'redis': { set: 'set', get: 'get' },
  'redis-wait': { set: 'set+wait' },
}

const FT_RUN_FLAGS = { 'unprotected': ['--unprotected'], 'direct': ['--net', 'direct'], 'switch': [] }
const REPLICA_MS_MAX = 20_000

/** @throws Error in one line, if the service can't be started here */
export async function startServer(mode: Mode): Promise<Server> {
  if (mode === 'redis') return startRedis([])
  if (mode === 'redis-wait') return startRedisWithReplica()
  const ftRun = fileURLToPath(new URL('../hypervisor/cli/bin/ft-run.js', import.meta.url))
  const service = await startService([process.execPath, ftRun, '--json', '--port', '0', ...FT_RUN_FLAGS[mode], 'kv'])
  return mode === 'unprotected' ? service : { ...service, verify: () => verifyProtected(service) }
}

function verifyProtected({ events }: ServiceHandle): void {
  const change = events.seen.find(isChangeOfRoles)
  if (change === undefined) return
  throw new Error(`the pair lost its protection while it was measured (${String(change.msg ?? change.event)})`)
}

async function startRedisWithReplica(): Promise<Server> {
  const primary = await startRedis(['--repl-diskless-sync-delay', '0'])
  const { host, port } = primary.address
  const replica = await startRedis(['--replicaof', host, `${port}`])
  const stop = async (): Promise<void> => void (await Promise.all([primary.stop(), replica.stop()]))
  const deadline = performance.now() + REPLICA_MS_MAX
  while (!(await hears(primary.address, 'SET probe 1\r\nWAIT 1 100\r\n', '+OK\r\n:1\r\n'))) {
    if (performance.now() < deadline) continue
    await stop()
    throw new Error('the Redis replica did not come up')
  }
  return { address: primary.address, stop }
}

async function startRedis(flags: readonly string[]): Promise<Server> {
  if (spawnSync('redis-server', ['--version']).status !== 0) throw new Error('redis-server is not installed')
  const port = await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'bench-redis-'))
  const all = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', directory, ...flags]
  const child = spawn('redis-server', all, { stdio: 'ignore' })
  const address = { host: '127.0.0.1', port }
  while (child.exitCode === null && !(await hears(address, 'PING\r\n', '+PONG\r\n'))) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  if (child.exitCode !== null) throw new Error(`redis-server ended with exit code ${child.exitCode}`)
  return { address, stop: () => stopRedis(child, directory) }
}

async function stopRedis(child: ChildProcess, directory: string): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
  await rm(directory, { recursive: true, force: true })
}

/** Sends inline commands; true if just these replies come. */
function hears({ host, port }: Address, commands: string, replies: string): Promise<boolean> {
  return new Promise((resolve) => {
    let heard = ''
    const socket = connect({ host, port }, () => socket.write(commands))
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1')
      if (heard.length >= replies.length) socket.destroy()
    })
    socket.on('error', () => {}).on('close', () => resolve(heard === replies))
  })
}
