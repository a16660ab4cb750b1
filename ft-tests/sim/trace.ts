/** What a run did, step by step: the last lines for a person, a hash over all of them for comparing two runs. */
import { crc32 } from 'node:zlib'
import type { Command, ReplicaEvent } from '../../hypervisor/ft/events.ts'
import type { SimReplica } from './sim-replica.ts'

const linesMax = 400

export class Trace {
  #lines: string[] = []
  #hash = 0

  /** The last steps. */
  get lines(): readonly string[] {
    return this.#lines
  }

  get hash(): string {
    return this.#hash.toString(16).padStart(8, '0')
  }

  step(nowMs: number, { name, core }: SimReplica, event: ReplicaEvent, commands: readonly Command[]): void {
    const { ticks, lastSeq, ackedSeq, replayedSeq } = core.status()
    const position = `t${ticks} s${lastSeq} a${ackedSeq} r${replayedSeq}`
    const did = commands.map(describeCommand).join(' ')
    this.note(`${nowMs.toFixed(3)} ${name} ${core.phase} ${position} ${describeEvent(event)} -> ${did}`)
  }

  note(line: string): void {
    this.#hash = crc32(line, this.#hash)
    this.#lines.push(line)
    if (this.#lines.length > linesMax) this.#lines = this.#lines.slice(linesMax / 2)
  }
}

function describeEvent(event: ReplicaEvent): string {
  if (event.kind === 'peer') return `peer:${event.message.type}`
  return event.kind === 'switch' ? `switch:${typesOf(event.messages)}` : event.kind
}

function describeCommand(command: Command): string {
  if (command.do === 'peer') return command.message.type
  return command.do === 'switch' ? `switch:${typesOf(command.messages)}` : command.do
}

function typesOf(messages: readonly { readonly type: string }[]): string {
  return messages.map(({ type }) => type).join('+')
}
