/** The local socket of a running `ft-run`: one line of JSON each way, for its owner only. */
import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { controlCommands, type ControlAnswer, type ControlCommand } from './control.ts'
import { UsageError } from './usage-error.ts'

const lineBytesMax = 4096

function directory(): string {
  return join(tmpdir(), `ft-ctl-${userInfo().username}`)
}

function socketOf(pid: number): string {
  return join(directory(), `${pid}.sock`)
}

/** Listens; `answer` gives the answer to a command. @returns what ends that, at once. @throws Error in one line if it can't be made */
export async function listenControl(answer: (command: ControlCommand) => Promise<ControlAnswer>): Promise<() => void> {
  const path = socketOf(process.pid)
  mkdirSync(directory(), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  const server = createServer((socket) => void serve(socket, answer))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, resolve)
  await promise
  return () => {
    server.close()
    forget(path)
  }
}

/** The last one takes the folder with it. */
function forget(path: string): void {
  rmSync(path, { force: true })
  try {
    rmdirSync(directory())
  } catch {
    // Others are still running, and have their sockets there.
  }
}

async function serve(socket: Socket, answer: (command: ControlCommand) => Promise<ControlAnswer>): Promise<void> {
  // Whoever asked may be gone before the answer is there.
  socket.on('error', () => socket.destroy())
  const line = await firstLine(socket)
  const command = line === undefined ? undefined : parseCommand(line)
  const reply = command === undefined ? { ok: false, error: 'unknown command' } : await answer(command)
  socket.end(`${JSON.stringify(reply)}\n`)
}

/** Undefined if the other end says too much, or nothing. */
function firstLine(socket: Socket): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  let text = ''
  socket.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    else if (text.length > lineBytesMax) resolve(undefined)
  })
  socket.once('close', () => resolve(undefined))
  return promise
}

function parseCommand(line: string): ControlCommand | undefined {
  try {
    const { command } = JSON.parse(line) as { command: unknown }
    return controlCommands.find((known) => known === command)
  } catch {
    return undefined
  }
}

/** Process ids of what looks like running `ft-run`s of this user. */
export function runningPids(): readonly number[] {
  try {
    const names = readdirSync(directory()).flatMap((name) => /^(\d+)\.sock$/.exec(name)?.[1] ?? [])
    return names.map(Number).filter(isRunning)
  } catch {
    return []
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    rmSync(socketOf(pid), { force: true })
    return false
  }
}

/** Asks the `ft-run` of that process id. @throws UsageError in one line if it can't be reached */
export async function askControl(pid: number, command: ControlCommand): Promise<ControlAnswer> {
  const socket = connect(socketOf(pid))
  const { promise, resolve, reject } = Promise.withResolvers<ControlAnswer>()
  const unreachable = (): void => reject(new UsageError(`no ft-run can be reached at process ${pid}`))
  socket.once('error', unreachable)
  socket.once('connect', () => socket.write(`${JSON.stringify({ command })}\n`))
  const lines = createInterface({ input: socket })
  lines.once('line', (line) => resolve(JSON.parse(line) as ControlAnswer)).once('close', unreachable)
  // It passes on the socket's errors.
  ;(lines as NodeJS.EventEmitter).once('error', unreachable)
  return await promise.finally(() => socket.destroy())
}
