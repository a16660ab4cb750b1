/** What a run did, step by step: a hash over all of it for comparing two runs, and lines for a person who asks for them. */
import { crc32 } from 'node:zlib'
import type { Command, ReplicaEvent } from '../../hypervisor/ft/events.ts'
import { mix } from './guest-protocol.ts'
import type { SimReplica } from './sim-replica.ts'

/** A checksum of each word of the trace, so that a step is hashed without building its line. */
const known = new Map<string, number>()

export class Trace {
  readonly lines: string[] = []
  readonly #keepsLines: boolean
  #hash = 0
  #steps = 0

  constructor(keepsLines: boolean) {
    this.#keepsLines = keepsLines
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  get steps(): number {
    return this.#steps
  }

  step(nowMs: number, replica: SimReplica, event: ReplicaEvent, commands: readonly Command[]): void {
    this.#steps++
    if (event.kind === 'time' && commands.length === 0) return
    const { name, core } = replica
    const { ticks, lastSeq, ackedSeq, replayedSeq } = replica.status
    this.#mix(Math.round(nowMs * 1e6) | 0)
    this.#word(name)
    this.#word(core.phase)
    this.#mix(ticks | 0)
    this.#mix(lastSeq)
    this.#mix(ackedSeq)
    this.#mix(replayedSeq)
    this.#word(wordOf(event))
    for (const command of commands) this.#command(command)
    if (!this.#keepsLines) return
    const did = commands.map(describeCommand).join(' ')
    const position = `t${ticks} s${lastSeq} a${ackedSeq} r${replayedSeq}`
    this.lines.push(`${nowMs.toFixed(3)} ${name} ${core.phase} ${position} ${describeEvent(event)} -> ${did}`)
  }

  note(line: string): void {
    this.#mix(crc32(line))
    if (this.#keepsLines) this.lines.push(line)
  }

  #command(command: Command): void {
    this.#word(command.do)
    if (command.do === 'peer') this.#word(command.message.type)
    else if (command.do === 'switch') for (const { type } of command.messages) this.#word(type)
    else if (command.do === 'run') this.#mix(command.untilTick | 0)
  }

  #word(word: string): void {
    let sum = known.get(word)
    if (sum === undefined) known.set(word, (sum = crc32(word)))
    this.#mix(sum)
  }

  #mix(value: number): void {
    this.#hash = mix(this.#hash, value)
  }
}

function wordOf(event: ReplicaEvent): string {
  return event.kind === 'peer' ? event.message.type : event.kind
}

function describeEvent(event: ReplicaEvent): string {
  if (event.kind === 'peer') return `peer:${event.message.type}`
  return event.kind === 'switch' ? `switch:${typesOf(event.messages)}` : event.kind
}

function describeCommand(command: Command): string {
  switch (command.do) {
    case 'peer': return command.message.type
    case 'switch': return `switch:${typesOf(command.messages)}`
    case 'run': return `run:${command.untilTick}`
    case 'report': return `report:${command.report.event}`
    case 'halt': return `halt:${command.code} (${command.reason})`
    default: return command.do
  }
}

function typesOf(messages: readonly { readonly type: string }[]): string {
  return messages.map(({ type }) => type).join('+')
}
