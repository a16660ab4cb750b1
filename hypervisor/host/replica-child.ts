/** A replica process as the `ft-run` that started it sees it. */
import { spawn, type ChildProcess } from 'node:child_process'
import type { FromReplica, ToReplica } from './supervisor-messages.ts'
import type { Address } from './switch/switch-port.ts'

export type Role = 'primary' | 'backup'

export type ChildHandlers = {
  readonly onMessage: (child: ReplicaChild, message: FromReplica) => void
  readonly onExit: (child: ReplicaChild, code: number | null, signal: NodeJS.Signals | null) => void
}

export class ReplicaChild {
  /** Now: a backup that went live is a primary. */
  role: Role
  /** Where it takes new backups, once it does. */
  address: Address | undefined
  exited = false
  /** What it said of its end. */
  halted: { readonly code: number; readonly reason: string } | undefined
  /** The name that its peers know it by. */
  readonly name: string
  readonly #process: ChildProcess

  /** @param codeCache where V8 keeps what it compiled of our own code: most of a replica's start is that, and need not be done twice */
  constructor(role: Role, program: string, args: readonly string[], codeCache: string, { onMessage, onExit }: ChildHandlers) {
    this.role = role
    const env = { ...process.env, NODE_COMPILE_CACHE: codeCache }
    this.#process = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env })
    this.name = `${role}-${this.#process.pid}`
    this.#process.on('message', (message) => onMessage(this, message as FromReplica))
    this.#process.on('exit', (code, signal) => {
      this.exited = true
      onExit(this, code, signal)
    })
  }

  get pid(): number {
    return this.#process.pid!
  }

  tell(message: ToReplica): void {
    // A child that is ending can't listen any more: its exit is noticed anyway.
    if (!this.exited && this.#process.connected) this.#process.send(message, undefined, {}, () => {})
  }

  kill(): void {
    if (!this.exited) this.#process.kill('SIGKILL')
  }

  gone(): Promise<void> {
    if (this.exited) return Promise.resolve()
    return new Promise((resolve) => this.#process.once('exit', () => resolve()))
  }
}
