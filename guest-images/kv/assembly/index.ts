/** Guest `kv`: a key/value server that stock Redis clients talk to, on port 6379. See ../README.md. */
import { Cause, console, heap, network, timers } from '../../lib'
import { Kind } from '../../lib/network'
import { closeIfDone, connectionOf, freeConnection, openConnection } from './connection'
import { expireSome } from './database'
import { registerCommands } from './commands'
import { EXPIRY_TIMER, armTimer, disarmed } from './expiry'
import { seedHash } from './hash'
import { BACKLOG_MAX, serve } from './input'
import { drain } from './output'
import { startClock, forgetNow } from './time'

export const PORT = 6379
/** What is set aside for finishing what has begun when memory is full; then commands that need more are refused. */
const RESERVE_BYTES = 4 << 20

export function ft_start(): void {
  heap.keepReserve(RESERVE_BYTES)
  seedHash()
  startClock()
  registerCommands()
  assert(network.listen(PORT) == 0)
  console.print('kv: listening on port 6379')
}

export function ft_interrupt(causes: i32): void {
  forgetNow()
  if ((causes & Cause.TIMER) != 0) onTimers()
  if ((causes & Cause.NETWORK) != 0) {
    while (network.next()) onNetwork(network.kind, network.conn)
  }
  armTimer()
}

function onTimers(): void {
  for (let timer = timers.next(); timer >= 0; timer = timers.next()) {
    if (timer == EXPIRY_TIMER) {
      disarmed()
      expireSome()
    }
  }
}

function onNetwork(kind: i32, id: i32): void {
  if (kind == Kind.OPEN) {
    openConnection(id)
    return
  }
  const connection = connectionOf(id)
  if (connection === null) return
  if (kind == Kind.DATA) serve(connection)
  else if (kind == Kind.RESET) freeConnection(connection)
  else if (kind == Kind.END) {
    connection.ended = true
    serve(connection)
  } else if (kind == Kind.WRITABLE) {
    drain(connection)
    if (connection.paused && connection.backlog <= BACKLOG_MAX >> 1) {
      connection.paused = false
      serve(connection)
    } else closeIfDone(connection)
  }
}
