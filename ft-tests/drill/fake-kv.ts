/**
 * A small key/value server for the drill's own tests: sound, or with one planted defect that the drill must
 * notice. It serves the clients' four commands and nothing else.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Address } from './resp-client.ts'

export const DEFECTS = [
  'lost append', 'lost increment', 'lost set', 'double increment', 'double append', 'stale read', 'swapped appends',
  'cut connection', 'repeated reply', 'lost reply', 'malformed reply', 'error reply', 'silence',
] as const
export type Defect = (typeof DEFECTS)[number]

/** Commands served before the defect, which happens once (silence: to one connection, for good; lost set: always). */
const SOUND_COMMANDS = 500

type Command = { readonly op: string; readonly key: string; readonly value: string }

export class FakeKv {
  readonly #store = new Map<string, string>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** What each key held before its last change: what a stale read shows. */
  readonly #before = new Map<string, string | undefined>()
  #defect: Defect | undefined
  #served = 0
  #silent: Socket | undefined

  private constructor(defect: Defect | undefined) {
    this.#defect = defect
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(defect?: Defect): Promise<FakeKv> {
    const fake = new FakeKv(defect)
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true).on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    let rest = ''
    socket.setEncoding('latin1').on('data', (text) => {
      const { commands, end } = parseCommands(rest + String(text))
      rest = (rest + String(text)).slice(end)
      const replies = commands.map((command) => this.#execute(command, socket)).join('')
      if (replies !== '' && socket !== this.#silent) socket.write(replies, 'latin1')
    })
  }

  #execute(command: Command, socket: Socket): string {
    const isDue = ++this.#served > SOUND_COMMANDS
    if (isDue && this.#defect !== undefined) {
      const spoilt = this.#spoil(this.#defect, command, socket)
      if (spoilt !== null) {
        // One lost SET among concurrent ones can be explained; a server that goes on losing them can't.
        if (this.#defect !== 'lost set') this.#defect = undefined
        return spoilt
      }
    }
    return this.#apply(command)
  }

  #apply({ op, key, value }: Command): string {
    const old = this.#store.get(key)
    if (op === 'GET') return old === undefined ? '$-1\r\n' : `$${old.length}\r\n${old}\r\n`
    const after = op === 'SET' ? value : op === 'APPEND' ? (old ?? '') + value : String(Number(old ?? 0) + 1)
    this.#before.set(key, old)
    this.#store.set(key, after)
    return op === 'SET' ? '+OK\r\n' : `:${op === 'APPEND' ? after.length : after}\r\n`
  }

  /** The reply of a command that the defect hits, or null if this command isn't one for it. */
  #spoil(defect: Defect, command: Command, socket: Socket): string | null {
    const { op, key } = command
    const old = this.#store.get(key)
    const is = (wanted: string, kind: string): boolean => op === wanted && key.startsWith(`${kind}:`)
    switch (defect) {
      case 'lost append': return is('APPEND', 'list') ? this.#andUndo(command) : null
      case 'lost increment': return is('INCR', 'counter') ? this.#andUndo(command) : null
      case 'lost set': return is('SET', 'register') ? this.#andUndo(command) : null
      case 'double increment': return is('INCR', 'counter') ? (this.#apply(command), this.#apply(command)) : null
      case 'double append': return is('APPEND', 'list') ? (this.#apply(command), this.#apply(command)) : null
      case 'stale read': {
        const before = this.#before.get(key)
        return is('GET', 'counter') && before !== undefined && Number(old) > 20 ? '$1\r\n1\r\n' : null
      }
      case 'swapped appends': return is('APPEND', 'list') && old !== undefined ? this.#swap(command, old) : null
      case 'cut connection': return (socket.destroy(), '')
      case 'repeated reply': return op === 'INCR' ? this.#apply(command).repeat(2) : null
      case 'lost reply': return op === 'SET' ? (this.#apply(command), '') : null
      case 'malformed reply': return op === 'GET' ? '$3\r\nabcd\r\n' : null
      case 'error reply': return op === 'SET' ? '-ERR no room\r\n' : null
      case 'silence': return ((this.#silent = socket), '')
    }
  }

  /** Answers as if all were well, and forgets the effect. */
  #andUndo(command: Command): string {
    const old = this.#store.get(command.key)
    const reply = this.#apply(command)
    if (old === undefined) this.#store.delete(command.key)
    else this.#store.set(command.key, old)
    return reply
  }

  /** The new token lands in front of the value instead of after it. */
  #swap(command: Command, old: string): string {
    const reply = this.#apply(command)
    this.#store.set(command.key, command.value + old)
    return reply
  }
}

/** Whole commands at the start of the text, and where they end. */
function parseCommands(text: string): { commands: Command[]; end: number } {
  const commands: Command[] = []
  let end = 0
  for (const match of text.matchAll(/\*[23]\r\n\$\d+\r\n(\w+)\r\n\$\d+\r\n([^\r]+)\r\n(?:\$\d+\r\n([^\r*$]*)\r\n)?/g)) {
    const [whole, op, key, value = ''] = match as unknown as [string, string, string, string | undefined]
    const isWhole = whole.startsWith('*3') === (match[3] !== undefined)
    if (match.index !== end || !isWhole) break
    commands.push({ op, key, value })
    end += whole.length
  }
  return { commands, end }
}
