/** In the manner of CoreMark: a linked list, a small integer matrix, a state machine, and a CRC over their results. */
import { leave, random, sow } from './guest'
export { ft_start } from './guest'

const NODES = 64
const N = 12
const TEXT = 256

/** A node: next (0: none), key, value; 32 bits each. */
const nodes = memory.data(NODES * 12)
const a = memory.data(N * N * 4)
const b = memory.data(N * N * 4)
const c = memory.data(N * N * 4)
const text = memory.data(TEXT + 1)
const counts = memory.data(8 * 4)
let list: usize = 0

function crc16(word: u32, crc: u32): u32 {
  for (let i = 0; i < 16; i++) {
    const low = (word ^ crc) & 1
    crc >>= 1
    word >>= 1
    if (low != 0) crc ^= 0xa001
  }
  return crc
}

function buildList(): void {
  list = 0
  for (let i = 0; i < NODES; i++) {
    const node = nodes + i * 12
    store<usize>(node, list)
    store<u32>(node, random() & 0xffff, 4)
    store<u32>(node, i, 8)
    list = node
  }
}

function reverse(from: usize): usize {
  let reversed: usize = 0
  while (from != 0) {
    const next = load<usize>(from)
    store<usize>(from, reversed)
    reversed = from
    from = next
  }
  return reversed
}

function find(value: u32): usize {
  let node = list
  while (node != 0 && load<u32>(node, 8) != value) node = load<usize>(node)
  return node
}

/** Merge sort by the word at `field`. */
function sorted(from: usize, field: usize): usize {
  if (from == 0 || load<usize>(from) == 0) return from
  let middle = from
  for (let fast = load<usize>(from); fast != 0 && load<usize>(fast) != 0; fast = load<usize>(load<usize>(fast))) {
    middle = load<usize>(middle)
  }
  const rest = load<usize>(middle)
  store<usize>(middle, 0)
  return merged(sorted(from, field), sorted(rest, field), field)
}

function merged(left: usize, right: usize, field: usize): usize {
  let head: usize = 0
  let tail: usize = 0
  while (left != 0 || right != 0) {
    const takeLeft = right == 0 || (left != 0 && load<u32>(left + field) <= load<u32>(right + field))
    const node = takeLeft ? left : right
    if (takeLeft) left = load<usize>(left)
    else right = load<usize>(right)
    if (tail == 0) head = node
    else store<usize>(tail, node)
    tail = node
  }
  return head
}

function lists(round: u32, crc: u32): u32 {
  for (let i: u32 = 0; i < 8; i++) {
    const node = find((round + i * 7) % NODES)
    if (node != 0) crc = crc16(load<u32>(node, 4), crc)
    list = reverse(list)
  }
  list = sorted(list, 4)
  crc = crc16(load<u32>(list, 8), crc)
  list = sorted(list, 8)
  return crc16(load<u32>(list, 4), crc)
}

function matrices(scale: i32, crc: u32): u32 {
  for (let i = 0; i < N * N; i++) store<i32>(a + (i << 2), load<i32>(a + (i << 2)) * 3 + scale & 0xfff)
  for (let row = 0; row < N; row++) {
    for (let column = 0; column < N; column++) {
      let sum = 0
      for (let k = 0; k < N; k++) {
        const product = load<i32>(a + (row * N + k << 2)) * load<i32>(b + (k * N + column << 2))
        sum += (product >> 2 & 0xf) * (product >> 5 & 0x7f)
      }
      store<i32>(c + (row * N + column << 2), sum)
    }
  }
  for (let i = 0; i < N; i++) crc = crc16(load<u32>(c + (i * (N + 1) << 2)), crc)
  return crc
}

const enum State { Start, Integer, Fraction, Exponent, Sign, Invalid, Separator }

/** Where a character leads: the scanner of numbers such as `-12.5e+3`, separated by commas. */
function after(state: State, char: u32): State {
  if (char == 44) return State.Separator
  const digit = char - 48 < 10
  switch (state) {
    case State.Separator:
    case State.Start:
      if (digit) return State.Integer
      return char == 45 || char == 43 ? State.Sign : char == 46 ? State.Fraction : State.Invalid
    case State.Sign: return digit ? State.Integer : char == 46 ? State.Fraction : State.Invalid
    case State.Integer: return digit ? State.Integer : char == 46 ? State.Fraction : char == 101 ? State.Exponent : State.Invalid
    case State.Fraction: return digit ? State.Fraction : char == 101 ? State.Exponent : State.Invalid
    case State.Exponent: return digit || char == 45 || char == 43 ? State.Exponent : State.Invalid
    default: return State.Invalid
  }
}

/** The character for a number below 20: mostly digits. */
function letter(n: u32): u32 {
  switch (n) {
    case 10: return 43
    case 11: return 45
    case 12: case 13: return 46
    case 14: return 101
    case 15: case 16: case 17: return 44
    case 18: return 120
    default: return 48 + n % 10
  }
}

function machine(crc: u32): u32 {
  memory.fill(counts, 0, 32)
  let state = State.Start
  for (let at = text; load<u8>(at) != 0; at++) {
    state = after(state, load<u8>(at))
    store<u32>(counts + (state << 2), load<u32>(counts + (state << 2)) + 1)
  }
  for (let i = 0; i < 7; i++) crc = crc16(load<u32>(counts + (i << 2)), crc)
  return crc
}

/** `size` rounds over all three. */
export function run(size: i32): i32 {
  sow(0x3415)
  buildList()
  for (let i = 0; i < N * N; i++) {
    store<i32>(a + (i << 2), random() & 0xff)
    store<i32>(b + (i << 2), random() & 0xff)
  }
  for (let i = 0; i < TEXT; i++) store<u8>(text + i, letter(random() % 20))
  let crc: u32 = 0
  for (let round = 0; round < size; round++) {
    crc = lists(round, crc)
    crc = matrices(round & 15, crc)
    store<u8>(text + (round & TEXT - 1), letter(crc % 20))
    crc = machine(crc)
  }
  return crc
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
