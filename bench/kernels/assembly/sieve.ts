import { leave } from './guest'
export { ft_start } from './guest'

const MAX = 1 << 16
const composite = memory.data(MAX)

function primesBelow(end: i32): i32 {
  memory.fill(composite, 0, MAX)
  let primes = 0
  for (let i = 2; i < end; i++) {
    if (load<u8>(composite + i) != 0) continue
    primes++
    for (let j = i + i; j < end; j += i) store<u8>(composite + j, 1)
  }
  return primes
}

/** Counts the primes below 2^16 `size` times with the sieve of Eratosthenes. */
export function run(size: i32): i32 {
  let primes = 0
  for (let round = 0; round < size; round++) primes += primesBelow(MAX)
  return primes
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
