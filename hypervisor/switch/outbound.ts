/** From the machine to the outside: every output takes effect once, by its number, whoever sends it again (P2.2-6, ours). */
import { SwitchClient } from './client.ts'
import type { ClientTable } from './client-table.ts'
import type { SwitchCommand } from './commands.ts'
import type { Inbound } from './inbound.ts'
import { SEND_SPACE_BYTES } from './limits.ts'
import { SwitchLinkError } from './link-error.ts'
import type { Output, Outputs } from './messages.ts'

export class Outbound {
  /** Outputs up to this number have taken effect. */
  processed = 0
  duplicateBytes = 0
  duplicateOutputs = 0
  readonly #table: ClientTable
  readonly #inbound: Inbound
  readonly #command: (command: SwitchCommand) => void
  #touched: SwitchClient[] = []

  constructor(table: ClientTable, inbound: Inbound, command: (command: SwitchCommand) => void) {
    this.#table = table
    this.#inbound = inbound
    this.#command = command
  }

  /** Something is to be written this turn. */
  get isDue(): boolean {
    return this.#touched.length > 0
  }

  /** @throws SwitchLinkError on a gap in the numbers, or on an output that breaks the rules of its connection */
  onOutputs({ first, outputs }: Outputs): void {
    const { processed } = this
    if (first > processed + 1) throw new SwitchLinkError(`outputs from ${first} on, but only those up to ${processed} have come`)
    const duplicates = this.duplicatesOf(first, outputs.length)
    for (let i = 0; i < duplicates; i++) this.#dropDuplicate(outputs[i])
    for (let i = duplicates; i < outputs.length; i++) {
      this.#apply(outputs[i])
      this.processed += 1
    }
  }

  /** How many of the outputs numbered from `first` on have taken effect before. */
  duplicatesOf(first: number, count: number): number {
    return Math.min(this.processed + 1 - first, count)
  }

  /** Writes of the turn, one per client, each followed by its end. */
  flush(): void {
    const touched = this.#touched
    this.#touched = []
    for (const client of touched) {
      client.touched = false
      if (client.gone) continue
      if (client.outgoing.length > 0) {
        this.#command({ kind: 'write', client, chunks: client.outgoing })
        client.outgoing = []
      }
      if (client.guestEnded && !client.endWritten) {
        client.endWritten = true
        this.#command({ kind: 'end', client })
      }
    }
  }

  #dropDuplicate(output: Output): void {
    this.duplicateOutputs += 1
    if (output.kind === 'data') this.duplicateBytes += output.bytes.length
  }

  #apply(output: Output): void {
    switch (output.kind) {
      case 'data':
        return this.#data(output.conn, output.bytes)
      case 'credit':
        return this.#credit(output.conn, output.bytes)
      case 'end':
        return this.#end(output.conn)
      case 'reset':
        return this.#reset(output.conn)
      case 'connect':
        return this.#connect(output.conn, output.host, output.port)
      case 'listen':
        return this.listen(output.port)
      default:
        this.#command(output)
    }
  }

  #data(conn: number, bytes: Uint8Array): void {
    const client = this.#table.find(conn)
    if (client === undefined) return
    if (client.guestEnded) throw new SwitchLinkError(`data for connection ${conn} after the guest had ended it`)
    client.unreportedBytes += bytes.length
    if (client.unreportedBytes > SEND_SPACE_BYTES) throw new SwitchLinkError(`more data than send space for connection ${conn}`)
    client.outgoing.push(bytes)
    this.#touch(client)
  }

  #credit(conn: number, bytes: number): void {
    const client = this.#table.find(conn)
    if (client === undefined || this.#inbound.onCredit(client, bytes)) return
    throw new SwitchLinkError(`the guest took ${bytes} bytes of connection ${conn}, more than it was given`)
  }

  #end(conn: number): void {
    const client = this.#table.find(conn)
    if (client === undefined) return
    client.guestEnded = true
    this.#touch(client)
  }

  #reset(conn: number): void {
    const client = this.#table.find(conn)
    if (client === undefined) return
    this.#inbound.drop(client)
    this.#command({ kind: 'reset', client })
  }

  #connect(conn: number, host: string, port: number): void {
    // After a new switch took over and reset this id, the guest's connect may still come: it is dead already.
    if (this.#table.isUsedByGuest(conn)) return
    const client = new SwitchClient(undefined, 0, `${host}:${port}`)
    this.#table.addOutgoing(client, conn)
    this.#command({ kind: 'connect', client, host, port })
  }

  /** The guest listens: clients that came earlier are let in. */
  listen(port: number): void {
    this.#table.listening.add(port)
    this.#command({ kind: 'listen', port })
    for (const client of this.#table.all) {
      if (client.port === port && client.conn === 0) this.#inbound.markDue(client)
    }
  }

  #touch(client: SwitchClient): void {
    if (client.touched) return
    client.touched = true
    this.#touched.push(client)
  }
}
