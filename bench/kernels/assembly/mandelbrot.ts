import { leave, mix } from './guest'
export { ft_start } from './guest'

/** Iterations of every point of a picture of `size` by `size`, 60 at most each. */
export function run(size: i32): i32 {
  let sum: u32 = 0
  for (let row = 0; row < size; row++) {
    const ci = 2.4 * <f64>row / <f64>size - 1.2
    for (let column = 0; column < size; column++) {
      const cr = 3.2 * <f64>column / <f64>size - 2.2
      let r: f64 = 0
      let i: f64 = 0
      let n: u32 = 0
      while (n < 60 && r * r + i * i <= 4) {
        const next = r * r - i * i + cr
        i = 2 * r * i + ci
        r = next
        n++
      }
      sum = mix(sum, n)
    }
  }
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
