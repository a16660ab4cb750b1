/** Guest `echo`: sends back every byte on port 7, and ends its side when the peer has ended its own. */
import { console, heap, network, table } from '../../lib'
import { Kind } from '../../lib/network'

const PORT = 7

/** A connection's bytes that were received but not yet taken by `send`; the buffer follows the fields. */
@unmanaged
class Echo {
  start: i32
  end: i32
  ended: bool
}

export function ft_start(): void {
  assert(network.listen(PORT) == 0)
  console.print('echo: listening on port 7')
}

export function ft_interrupt(causes: i32): void {
  while (network.next()) {
    if (network.kind == Kind.OPEN) open(network.conn)
    else if (network.kind == Kind.RESET) forget(network.conn)
    else advance(network.conn)
  }
}

function open(id: i32): void {
  const echo = changetype<Echo>(heap.allocate(offsetof<Echo>() + network.CONNECTION_SPACE))
  echo.start = 0
  echo.end = 0
  echo.ended = false
  table.set(id, changetype<usize>(echo))
}

function forget(id: i32): void {
  heap.release(table.get(id))
  table.remove(id)
}

function advance(id: i32): void {
  const block = table.get(id)
  if (block == 0) return
  const echo = changetype<Echo>(block)
  const buffer = block + offsetof<Echo>()
  if (network.kind == Kind.END) echo.ended = true
  while (drained(id, echo, buffer)) {
    const received = network.receive(id, buffer, network.CONNECTION_SPACE)
    if (received <= 0) {
      if (!echo.ended) return
      network.close(id)
      forget(id)
      return
    }
    echo.start = 0
    echo.end = received
  }
}

/** Sends what is waiting; false if the connection is full: WRITABLE will come, and the peer's window closes meanwhile. */
function drained(id: i32, echo: Echo, buffer: usize): bool {
  if (echo.start < echo.end) echo.start += max(network.send(id, buffer + echo.start, echo.end - echo.start), 0)
  return echo.start == echo.end
}
