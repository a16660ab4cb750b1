/** Guest `proxy`, arguments `PORT HOST:PORT`: every connection to PORT is piped to a new connection to HOST:PORT and back. */
import { args, console, heap, network, power, table } from '../../lib'
import { Kind } from '../../lib/network'

const BUFFER_BYTES = 65536

/** One end of a pair. What it receives waits in `buffer` until the other end takes it. */
@unmanaged
class Half {
  id: i32
  other: Half
  buffer: usize
  start: i32
  end: i32
  /** Whether it can be sent to: an outgoing connection only once it is connected. */
  open: bool
  /** Whether its peer has ended, and whether that was passed on. */
  ended: bool
  passedOn: bool
}

let hostPtr: usize = 0
let hostLen = 0
let hostPort = 0

export function ft_start(): void {
  const port = args.count() == 2 ? decimal(args.pointer(0), args.length(0)) : 0
  if (port == 0 || !parseTarget(args.pointer(1), args.length(1)) || network.listen(port) != 0) {
    console.print('proxy: give a free port and a target, e.g. 8080 127.0.0.1:80')
    power.off(2)
  }
}

function parseTarget(ptr: usize, len: i32): bool {
  hostPtr = ptr
  hostLen = len - 1
  while (hostLen > 0 && load<u8>(ptr + hostLen) != 0x3A) hostLen--
  hostPort = decimal(ptr + hostLen + 1, len - hostLen - 1)
  return hostLen > 0 && hostPort != 0
}

/** A port number, or 0. */
function decimal(ptr: usize, len: i32): i32 {
  let value = 0
  for (let i = 0; i < len; i++) {
    const digit = <u32>load<u8>(ptr + i) - 48
    if (digit > 9 || value > 6553) return 0
    value = value * 10 + digit
  }
  return value < 65536 ? value : 0
}

export function ft_interrupt(causes: i32): void {
  while (network.next()) {
    if (network.kind == Kind.OPEN) accept(network.conn)
    else {
      const block = table.get(network.conn)
      if (block != 0) react(changetype<Half>(block))
    }
  }
}

function accept(id: i32): void {
  const out = network.connectBytes(hostPtr, hostLen, hostPort)
  if (out < 0) {
    network.reset(id)
    return
  }
  const client = half(id, true)
  const server = half(out, false)
  client.other = server
  server.other = client
}

function half(id: i32, open: bool): Half {
  const made = changetype<Half>(heap.allocate(offsetof<Half>()))
  made.id = id
  made.buffer = heap.allocate(BUFFER_BYTES)
  made.start = 0
  made.end = 0
  made.open = open
  made.ended = false
  made.passedOn = false
  table.set(id, changetype<usize>(made))
  return made
}

function react(side: Half): void {
  const other = side.other
  if (network.kind == Kind.RESET) {
    network.reset(other.id)
    drop(side, other)
    return
  }
  if (network.kind == Kind.CONNECTED) side.open = true
  if (network.kind == Kind.END) side.ended = true
  pump(side, other)
  pump(other, side)
  if (side.passedOn && other.passedOn) {
    network.close(side.id)
    network.close(other.id)
    drop(side, other)
  }
}

/** Moves bytes until there are none or the receiving end is full; then ends it if the sending end has ended. */
function pump(from: Half, to: Half): void {
  if (!to.open || from.passedOn) return
  for (;;) {
    if (from.start < from.end) {
      from.start += max(network.send(to.id, from.buffer + from.start, from.end - from.start), 0)
      if (from.start < from.end) return
    }
    const received = network.receive(from.id, from.buffer, BUFFER_BYTES)
    if (received <= 0) break
    from.start = 0
    from.end = received
  }
  if (from.ended) {
    network.end(to.id)
    from.passedOn = true
  }
}

function drop(one: Half, two: Half): void {
  free(one)
  free(two)
}

function free(side: Half): void {
  table.remove(side.id)
  heap.release(side.buffer)
  heap.release(changetype<usize>(side))
}
