import { boot } from './test-host.ts'
import type { TestConnection, TestMachine } from './test-host.ts'
import { startOracle } from './oracle.ts'
import type { Oracle, OracleClient } from './oracle.ts'
import { splitReplies } from './replies.ts'
import type { Reply } from './replies.ts'

/** Commands whose elements come in any order. */
const UNORDERED = new Set(['keys', 'smembers', 'config'])
/** Commands that reply flat lists of pairs, the pairs in any order. */
const UNORDERED_PAIRS = new Set(['hgetall'])

/** The guest and redis-server side by side, given the same requests. */
export class Pair {
  readonly machine: TestMachine
  readonly guest: TestConnection
  readonly oracle: Oracle
  readonly redis: OracleClient

  constructor(machine: TestMachine, oracle: Oracle, redis: OracleClient) {
    this.machine = machine
    this.guest = machine.connect(6379)
    this.oracle = oracle
    this.redis = redis
  }

  /** Starts both; undefined if there is no redis-server here. */
  static async start(): Promise<Pair | undefined> {
    const oracle = await startOracle()
    if (oracle === undefined) return undefined
    return new Pair(await boot('kv', { wallUs: Date.now() * 1000 }), oracle, await oracle.connect())
  }

  /** Sends complete requests, each a list of arguments, to both in one piece; gives both lists of replies, comparable. */
  async ask(requests: readonly (readonly string[])[]): Promise<{ guest: string[], redis: string[] }> {
    const bytes = Buffer.concat(requests.map(encodeRequest))
    this.machine.wallUs = Date.now() * 1000
    const redis = splitReplies(await this.redis.ask(bytes))
    const guest = splitReplies(this.guest.send(bytes).take())
    if (guest.rest.length > 0) guest.replies.push({ raw: `incomplete: ${guest.rest.toString('latin1').slice(0, 200)}` })
    const comparable = (replies: readonly Reply[]): string[] => replies.map((reply, i) => inOrder(requests[i], reply))
    return { guest: comparable(guest.replies), redis: comparable(redis.replies) }
  }

  async stop(): Promise<void> {
    this.redis.close()
    await this.oracle.stop()
  }
}

function encodeRequest(args: readonly string[]): Buffer {
  return Buffer.from(`*${args.length}\r\n${args.map(arg => `$${arg.length}\r\n${arg}\r\n`).join('')}`, 'latin1')
}

/** The reply's text, its elements sorted where their order means nothing. */
function inOrder(request: readonly string[], reply: Reply): string {
  const name = request[0].toLowerCase()
  if (reply.elements === undefined) return reply.raw
  if (name === 'hello') return reply.raw.replace(/\$2\r\nid\r\n:\d+/, '$2 id :N')
  const raws = reply.elements.map(element => element.raw)
  if (UNORDERED.has(name)) return `unordered ${raws.sort().join(' ')}`
  if (!UNORDERED_PAIRS.has(name)) return reply.raw
  const pairs = raws.flatMap((raw, i) => i % 2 === 0 ? [raw + raws[i + 1]] : [])
  return `unordered pairs ${pairs.sort().join(' ')}`
}
