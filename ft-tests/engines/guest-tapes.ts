import { readFileSync } from 'node:fs'
import { builtinGuest } from '../../guest-images/catalogue.ts'
import { Kind, type NetOpenEntry, type SwitchInput } from '../../logging-channel/entries.ts'
import type { TapeGuest, TapeStep } from './tape-machine.ts'

/** A guest with a tape that uses it: connections come, talk and go, in an order that the seed makes. */
export type GuestTape = { readonly guest: TapeGuest; readonly steps: readonly TapeStep[] }

/** Numbers from 0 to n - 1, the same for the same seed. */
export type Random = (n: number) => number

export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

export const guestTapes: Readonly<Record<string, (seed: number) => GuestTape>> = {
  kv: (seed) => ({ guest: builtin('kv'), steps: clients(6379, seed, kvRequest) }),
  echo: (seed) => ({ guest: builtin('echo'), steps: clients(7, seed, (random) => 'x'.repeat(1 + random(5000))) }),
  busy: (seed) => ({ guest: builtin('busy'), steps: clients(7777, seed, (random) => busyRequest(random)) }),
  proxy: (seed) => ({ guest: builtin('proxy', ['8080', 'there.example:80']), steps: proxied(seed) })
}

function builtin(name: string, args: readonly string[] = []): TapeGuest {
  return { bytes: readFileSync(builtinGuest(name)!.path), args, memoryPagesMax: 1024 }
}

const data = (conn: number, text: string): SwitchInput => ({ kind: Kind.netData, conn, bytes: Buffer.from(text) })
const open = (conn: number, port: number): NetOpenEntry => ({ kind: Kind.netOpen, conn, port, peer: `192.0.2.7:${30000 + conn}` })

function clients(port: number, seed: number, request: (random: Random) => string): TapeStep[] {
  const random = randomFrom(seed)
  const steps: TapeStep[] = [[open(2, port), open(4, port)]]
  const live = [2, 4]
  for (let next = 6; steps.length < 40;) {
    const conn = live[random(live.length)]!
    const dice = random(12)
    if (dice === 0) steps.push('timers')
    else if (dice === 1 && live.length < 5) {
      steps.push([open(next, port), data(next, request(random))])
      live.push(next)
      next += 2
    } else if (dice === 2 && live.length > 1) {
      steps.push([random(2) === 0 ? { kind: Kind.netEnd, conn } : { kind: Kind.netReset, conn }])
      live.splice(live.indexOf(conn), 1)
    } else if (dice === 3) steps.push([{ kind: Kind.netWindow, conn, bytes: random(4096) }])
    else steps.push([data(conn, request(random)), data(live[random(live.length)]!, request(random))])
  }
  return steps
}

function kvRequest(random: Random): string {
  const key = `k${random(12)}`
  const long = 'v'.repeat(random(3000))
  const requests = [
    `SET ${key} ${random(1000)}`, `SET ${key} "${long}"`, `GET ${key}`, `INCR n${random(3)}`,
    `INCRBYFLOAT f${random(3)} 0.${random(99)}`,
    `LPUSH l${random(3)} a b ${random(9)}`, `LRANGE l${random(3)} 0 -1`, `HSET h${random(2)} ${key} ${random(99)}`,
    `HGETALL h${random(2)}`,
    `SADD s ${key}`, 'SRANDMEMBER s', `EXPIRE ${key} ${random(3)}`, `DEL ${key}`, 'DBSIZE', 'RANDOMKEY', `PTTL ${key}`, 'PING'
  ]
  return `${requests[random(requests.length)]}\r\n`
}

function busyRequest(random: Random): string {
  return random(4) === 0 ? `P ${random(5000)}\n` : `${random(60_000)}\n`
}

/** A client's connections have even ids; the proxy opens 1, 3, 5 ... toward the other side, one for each. */
function proxied(seed: number): TapeStep[] {
  const random = randomFrom(seed)
  const steps: TapeStep[] = []
  for (let pair = 0; pair < 8; pair++) {
    const near = 2 + 2 * pair
    const far = 1 + 2 * pair
    steps.push([open(near, 8080), data(near, 'early ')])
    steps.push([random(5) === 0 ? { kind: Kind.netReset, conn: far } : { kind: Kind.netConnected, conn: far }])
    steps.push([data(near, 'q'.repeat(random(90_000))), data(far, 'a'.repeat(random(90_000)))])
    const ending = random(2) === 0 ? near : far
    steps.push([{ kind: Kind.netWindow, conn: near, bytes: random(70_000) }, { kind: Kind.netEnd, conn: ending }])
    if (random(2) === 0) steps.push([{ kind: Kind.netEnd, conn: near }, { kind: Kind.netEnd, conn: far }])
  }
  return steps
}
