import { leave } from './guest'
export { ft_start } from './guest'

function tak(x: i32, y: i32, z: i32): i32 {
  return y < x ? tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)) : z
}

function ackermann(m: i32, n: i32): i32 {
  if (m == 0) return n + 1
  return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1))
}

/** Takeuchi's function and Ackermann's, `size` times: deep recursion with several arguments. */
export function run(size: i32): i32 {
  let sum = 0
  for (let i = 0; i < size; i++) sum += tak(12 + (i & 3), 8, 4) * 1000 + ackermann(2, 40 + (i & 7))
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
