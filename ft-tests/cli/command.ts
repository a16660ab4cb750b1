/** The real commands as child processes, each with a temporary folder of its own, none of which outlives its test. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildGuests } from '../../guest-images/build.ts'

/** What every test file of commands does first: the built-in images that it uses are up to date. */
export const prepare = (...images: readonly string[]) => async (): Promise<void> => void (await buildGuests(...images))

const ftRun = fileURLToPath(new URL('../../hypervisor/cli/bin/ft-run.js', import.meta.url))

export type Closer = { teardown(fn: () => unknown): void }
/** A JSON line that a command printed. */
export type Line = Readonly<Record<string, unknown>> & { readonly event?: string; readonly msg?: string }
export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** A folder that is gone after the test. */
export function temporaryFolder(t: Closer): string {
  const folder = mkdtempSync(join(tmpdir(), 'ft-cli-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes an image for one test; returns its path. */
export function imageFile(t: Closer, bytes: Uint8Array, name = 'guest.wasm'): string {
  const path = join(temporaryFolder(t), name)
  writeFileSync(path, bytes)
  return path
}

/** Makes a key for links with the command itself; returns its path. */
export async function makeKey(t: Closer): Promise<string> {
  const path = join(temporaryFolder(t), 'test.key')
  const { code, stderr } = await run(t, 'key', path)
  if (code !== 0) throw new Error(stderr)
  return path
}

export type CommandOptions = {
  /** Put in front, such as `ip netns exec NAME`. */
  readonly before?: readonly string[]
  /** A script to run instead. */
  readonly program?: string
  /** The Node to run it on. */
  readonly node?: string
}

export class Command {
  readonly process: ChildProcess
  readonly ended: Promise<Ending>
  readonly lines: Line[] = []
  /** The command's own temporary folder. */
  readonly folder: string
  stdout = ''
  stderr = ''
  #rest = ''
  #isOver = false
  #watchers: (() => void)[] = []

  /** Runs `ft-run`, or another program, with these arguments in a process group of its own. */
  constructor(t: Closer, args: readonly string[], { before = [], program = ftRun, node = process.execPath }: CommandOptions = {}) {
    this.folder = temporaryFolder(t)
    const [file, ...rest] = [...before, node, program, ...args]
    this.process = spawn(file, rest, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: this.folder } })
    this.process.stdout!.setEncoding('utf8').on('data', (text: string) => this.#onText(text))
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.ended = once(this.process, 'close').then(([code, signal]) => {
      this.#isOver = true
      this.#wake()
      return { code, signal } as Ending
    })
    t.teardown(() => this.killGroup('SIGKILL'))
  }

  get pid(): number {
    return this.process.pid!
  }

  /** The first JSON line, past or to come, with this event (and this role). @throws if the command ends without it */
  async line(event: string, role?: string): Promise<Line> {
    const isIt = (line: Line): boolean => line.event === event && (role === undefined || line['role'] === role)
    return await this.#until(() => this.lines.find(isIt), `a line "${event}"`)
  }

  /** Waits for standard output to match. */
  async output(pattern: RegExp): Promise<RegExpMatchArray> {
    return await this.#until(() => this.stdout.match(pattern) ?? undefined, `output ${pattern}`)
  }

  killGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  /** Files in the command's temporary folder. */
  leftovers(): string[] {
    return readdirSync(this.folder)
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      if (this.#isOver) throw new Error(`the command ended without ${what}:\n${this.stdout}${this.stderr}`)
      await new Promise<void>((resolve) => this.#watchers.push(resolve))
    }
  }

  #onText(text: string): void {
    this.stdout += text
    const parts = (this.#rest + text).split('\n')
    this.#rest = parts.pop()!
    for (const part of parts) if (part.startsWith('{')) this.lines.push(JSON.parse(part) as Line)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#watchers.splice(0)) wake()
  }
}

export type Ready = { readonly host: string; readonly port: number; readonly primary: number; readonly backup: number }

/** On a machine that is busy with other tests, a short silence means nothing. */
export const patience = ['--heartbeat', '300'] as const

/** A pair that is ready; see `Command`. Its port is any free one unless the arguments name it. */
export async function startPair(t: Closer, args: readonly string[]): Promise<{ command: Command; ready: Ready }> {
  const port = args.includes('--port') ? [] : ['--port', '0']
  const command = new Command(t, ['--json', ...port, ...patience, ...args])
  const line = await command.line('ready') as { address: string; primary: { pid: number }; backup?: { pid: number } }
  const [host, at] = line.address.split(':')
  return { command, ready: { host, port: Number(at), primary: line.primary.pid, backup: line.backup?.pid ?? 0 } }
}

/** Runs a command to its end. */
export async function run(t: Closer, ...args: string[]): Promise<Ending & { stdout: string; stderr: string }> {
  const command = new Command(t, args)
  const ending = await command.ended
  return { ...ending, stdout: command.stdout, stderr: command.stderr }
}

/** Whether a process runs; one that has ended and waits for its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}

/** Waits until none of these processes runs; AVA's timeout bounds it. */
export async function allGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20))
}
