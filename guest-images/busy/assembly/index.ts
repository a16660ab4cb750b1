/**
 * Guest `busy`, port 7777: long computations on request while a timer interrupts them. A line `N` (decimal) runs N
 * loop iterations and answers `N RESULT TIMERS\n`: the loop's value, and how many timer interrupts came meanwhile.
 * A line `P MICROSECONDS` sets the timer's period (0: none, as at boot).
 */
import { Cause, console, network, timers } from '../../lib'
import { Kind } from '../../lib/network'

const PORT = 7777
const LINE_MAX = 64
const line = memory.data(LINE_MAX)
const input = memory.data(4096)
const answer = memory.data(96)
let lineLength = 0
let periodUs: i64 = 0
let interrupts: u32 = 0

export function ft_start(): void {
  assert(network.listen(PORT) == 0)
  timers.preemptive(true)
  console.print('busy: listening on port 7777')
}

export function ft_interrupt(causes: i32): void {
  // A timer interrupt may land in the middle of `serve`, whose state is then in use: it must touch none of it.
  if ((causes & Cause.TIMER) != 0) tick()
  if ((causes & Cause.NETWORK) != 0) serve()
}

function tick(): void {
  while (timers.next() >= 0) {
    interrupts++
    if (periodUs > 0) timers.set(0, periodUs)
  }
}

function serve(): void {
  while (network.next()) {
    if (network.kind == Kind.DATA) receive(network.conn)
    else if (network.kind == Kind.END) network.close(network.conn)
  }
}

function receive(id: i32): void {
  for (let got = network.receive(id, input, 4096); got > 0; got = network.receive(id, input, 4096)) {
    for (let i = 0; i < got; i++) {
      const byte = load<u8>(input + i)
      if (byte == 10) {
        request(id)
        lineLength = 0
      } else if (lineLength < LINE_MAX) store<u8>(line + lineLength++, byte)
    }
  }
}

function request(id: i32): void {
  if (load<u8>(line) == 0x50) {
    periodUs = <i64>decimal(line + 2, lineLength - 2)
    if (periodUs > 0) timers.set(0, periodUs)
    else timers.cancel(0)
    return
  }
  const count = decimal(line, lineLength)
  const before = interrupts
  const result = compute(count)
  let end = writeDecimal(answer, count)
  store<u8>(end++, 32)
  end = writeDecimal(end, result)
  store<u8>(end++, 32)
  end = writeDecimal(end, interrupts - before)
  store<u8>(end++, 10)
  network.send(id, answer, <i32>(end - answer))
}

/** A loop that nobody can shorten: each value needs the one before it. */
function compute(count: u64): u64 {
  let x: u64 = 88172645463325252
  for (let i: u64 = 0; i < count; i++) {
    x ^= x << 13
    x ^= x >> 7
    x ^= x << 17
  }
  return x
}

function decimal(ptr: usize, len: i32): u64 {
  let value: u64 = 0
  for (let i = 0; i < len; i++) {
    const digit = <u32>load<u8>(ptr + i) - 48
    if (digit > 9) break
    value = value * 10 + digit
  }
  return value
}

/** Writes the number; returns where it ends. */
function writeDecimal(ptr: usize, value: u64): usize {
  let digits = 1
  for (let rest = value / 10; rest != 0; rest /= 10) digits++
  for (let at = digits - 1; at >= 0; at--, value /= 10) store<u8>(ptr + at, 48 + <u32>(value % 10))
  return ptr + digits
}
