/** Who is connected: clients by the machine's ids, the guest's ports, and which ids were ever given out. */
import type { SwitchClient } from './client.ts'
import { CONN_MAX } from './limits.ts'
import { SwitchLinkError } from './link-error.ts'
import type { MachineHolds } from './messages.ts'

export class ClientTable {
  /** Everyone, known to the machine or not. */
  readonly all = new Set<SwitchClient>()
  readonly listening = new Set<number>()
  readonly #byConn = new Map<number, SwitchClient>()
  #evenMax = 0
  #oddMax = 0

  /** The client with this id, or undefined if it is gone. @throws SwitchLinkError for an id that never was */
  find(conn: number): SwitchClient | undefined {
    const client = this.#byConn.get(conn)
    if (client !== undefined || conn <= this.#idMax(conn)) return client
    throw new SwitchLinkError(`an output for connection ${conn}, which never was`)
  }

  /** Gives an accepted client its id: even, never used before. */
  name(client: SwitchClient): void {
    if (this.#evenMax + 2 > CONN_MAX) throw new Error('the switch has used up its connection ids (2^31 connections)')
    this.#evenMax += 2
    client.conn = this.#evenMax
    this.#byConn.set(client.conn, client)
  }

  /** True for an id of the guest's that was used before. */
  isUsedByGuest(conn: number): boolean {
    return conn <= this.#oddMax
  }

  addOutgoing(client: SwitchClient, conn: number): void {
    if (conn % 2 !== 1) throw new SwitchLinkError(`the guest connects with id ${conn}; its ids are odd`)
    this.#oddMax = conn
    client.conn = conn
    this.all.add(client)
    this.#byConn.set(conn, client)
  }

  forget(client: SwitchClient): void {
    client.gone = true
    this.all.delete(client)
    if (client.conn !== 0) this.#byConn.delete(client.conn)
  }

  /** Goes on where another switch left off. @throws SwitchLinkError if the machine holds an id above its highest */
  continueFrom(holds: MachineHolds): void {
    this.#evenMax = holds.evenMax
    this.#oddMax = holds.oddMax
    for (const conn of holds.conns) this.find(conn)
  }

  #idMax(conn: number): number {
    return conn % 2 === 0 ? this.#evenMax : this.#oddMax
  }
}
