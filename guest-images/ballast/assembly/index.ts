/**
 * Guest `ballast`, port 7070: has a memory full of data, and keeps changing it. Argument: MiB to fill at boot (64). For every
 * byte received it changes a word somewhere in all that, and sends back a byte that depends on what it found there.
 */
import { args, console, network } from '../../lib'
import { Kind } from '../../lib/network'

const PORT = 7070
const MIB: u64 = 1 << 20
const PAGE: u64 = 1 << 16
const buffer = memory.data(4096)
let start: u64 = 0
let words: u64 = 0
let seed: u64 = 88172645463325252

export function ft_start(): void {
  const mib = args.count() > 0 ? decimal(args.pointer(0), args.length(0)) : 64
  start = <u64>memory.size() * PAGE
  assert(memory.grow(<i32>(mib * MIB / PAGE)) >= 0, 'ballast: more memory wanted than allowed')
  words = mib * MIB / 8
  for (let i: u64 = 0; i < words; i++) store<u64>(<usize>(start + i * 8), next())
  assert(network.listen(PORT) == 0)
  console.print('ballast: listening on port 7070')
}

export function ft_interrupt(causes: i32): void {
  while (network.next()) {
    if (network.kind == Kind.DATA) serve(network.conn)
    else if (network.kind == Kind.END) network.close(network.conn)
  }
}

function serve(id: i32): void {
  for (let got = network.receive(id, buffer, 4096); got > 0; got = network.receive(id, buffer, 4096)) {
    for (let i = 0; i < got; i++) {
      const at = <usize>(start + next() % words * 8)
      const found = load<u64>(at)
      store<u64>(at, found * 31 + load<u8>(buffer + i))
      store<u8>(buffer + i, <u8>(found >> 56))
    }
    network.send(id, buffer, got)
  }
}

function next(): u64 {
  seed ^= seed << 13
  seed ^= seed >> 7
  seed ^= seed << 17
  return seed
}

function decimal(ptr: usize, len: i32): u64 {
  let value: u64 = 0
  for (let i = 0; i < len; i++) value = value * 10 + load<u8>(ptr + i) - 48
  return value
}
