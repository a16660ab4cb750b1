import { leave } from './guest'
export { ft_start } from './guest'

/** The start below `size` with the longest Collatz sequence, and its length. */
export function run(size: i32): i32 {
  let best = 0
  let longest = 0
  for (let start = 1; start < size; start++) {
    let length = 1
    for (let n: u64 = start; n != 1; length++) n = (n & 1) == 0 ? n >> 1 : 3 * n + 1
    if (length > longest) {
      longest = length
      best = start
    }
  }
  return best * 1000 + longest
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
