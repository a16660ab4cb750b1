/** The switch core among real sockets: batches events by loop turn and performs the core's commands (the hot loop). */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { SwitchClient } from '../../switch/client.ts'
import type { SwitchCommand, SwitchReport } from '../../switch/commands.ts'
import type { SwitchEvent } from '../../switch/events.ts'
import { SwitchCore } from '../../switch/switch-core.ts'
import { ClientSocket } from './client-socket.ts'
import type { LinkHandle } from './link-socket.ts'

export type SwitchHandlers = {
  /** For the log. */
  readonly onReport?: (report: SwitchReport) => void
  /** Bytes the guest wrote to its console. */
  readonly onConsole?: (bytes: Uint8Array) => void
  /** The machine has ended for good, for this reason, and its clients have been written what it sent. */
  readonly onFarewell?: (reason: string) => void
  /** The guest listens on this port of its own. */
  readonly onListen?: (port: number) => void
  /** Whether more console input is wanted now. */
  readonly onConsoleFlow?: (wanted: boolean) => void
}

/** A lone output ack waits this long for inputs to travel with: it wakes the replica for nothing urgent. */
const ackDelayMs = 2

export class SwitchHost {
  readonly #core: SwitchCore
  readonly #handlers: SwitchHandlers
  readonly #sockets = new Set<Socket>()
  #turnScheduled = false
  #ackTimer: NodeJS.Timeout | undefined
  #closed = false

  constructor(vm: string, handlers: SwitchHandlers) {
    this.#core = new SwitchCore(vm)
    this.#handlers = handlers
  }

  get heldBytes(): number {
    return this.#core.heldBytes
  }

  get clientCount(): number {
    return this.#core.clientCount
  }

  /** Takes an event now; what it makes due goes out at the end of this loop turn. */
  readonly take = (event: SwitchEvent): void => {
    if (this.#closed) return
    this.#perform(this.#core.step(event))
    if (this.#turnScheduled || !this.#core.wantsTurn) return
    if (this.#core.wantsPromptTurn) {
      this.#turnScheduled = true
      setImmediate(this.turn)
    } else this.#ackTimer ??= setTimeout(this.#ackTurn, ackDelayMs)
  }

  /** Ends the turn now. */
  readonly turn = (): void => {
    this.#turnScheduled = false
    this.take({ kind: 'turn', keepAck: true })
  }

  readonly #ackTurn = (): void => {
    this.#ackTimer = undefined
    this.take({ kind: 'turn' })
  }

  /** Destroys `socket` at close. */
  own(socket: Socket): void {
    if (this.#closed) socket.destroy()
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** Ends every connection behind what was written to it; who has not ended it too after so long is cut off. */
  async end(graceMs: number): Promise<void> {
    this.#stop()
    const closed = [...this.#sockets].map((socket) => {
      socket.end()
      // What still comes is read, to nobody: unread it would make the end a reset, which takes away what was written.
      socket.resume()
      return once(socket, 'close')
    })
    await Promise.race([Promise.allSettled(closed), delay(graceMs, undefined, { ref: false })])
    this.close()
  }

  close(): void {
    this.#stop()
    for (const socket of this.#sockets) socket.destroy()
  }

  #stop(): void {
    this.#closed = true
    clearTimeout(this.#ackTimer)
  }

  #perform(commands: readonly SwitchCommand[]): void {
    for (const command of commands) this.#performOne(command)
  }

  #performOne(command: SwitchCommand): void {
    switch (command.kind) {
      case 'write':
        return socketOf(command.client).write(command.chunks)
      case 'send':
        return (command.link.handle as LinkHandle).send(command.messages)
      case 'end':
        return socketOf(command.client).end()
      case 'reset':
        return socketOf(command.client).reset()
      case 'pause':
        return socketOf(command.client).pause()
      case 'resume':
        return socketOf(command.client).resume()
      case 'connect':
        return this.#connect(command.client, command.host, command.port)
      case 'closeLink':
        return (command.link.handle as LinkHandle).close()
      default:
        this.#tell(command)
    }
  }

  #tell(command: SwitchCommand): void {
    const handlers = this.#handlers
    if (command.kind === 'report') handlers.onReport?.(command.report)
    else if (command.kind === 'console') handlers.onConsole?.(command.bytes)
    else if (command.kind === 'farewell') handlers.onFarewell?.(command.reason)
    else if (command.kind === 'listen') handlers.onListen?.(command.port)
    else if (command.kind !== 'powerOff') handlers.onConsoleFlow?.(command.kind === 'resumeConsole')
  }

  #connect(client: SwitchClient, host: string, port: number): void {
    const socket = connect({ host, port, allowHalfOpen: true, autoSelectFamily: true })
    this.own(socket)
    new ClientSocket(socket, client, this.take)
    socket.once('connect', () => this.take({ kind: 'clientConnected', client }))
  }
}

function socketOf(client: SwitchClient): ClientSocket {
  return client.handle as ClientSocket
}
