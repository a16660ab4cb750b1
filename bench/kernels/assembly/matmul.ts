import { leave, mixF64 } from './guest'
export { ft_start } from './guest'

const MAX = 256
const a = new StaticArray<f64>(MAX * MAX)
const b = new StaticArray<f64>(MAX * MAX)
const c = new StaticArray<f64>(MAX * MAX)

/** Multiplies two matrices of `size` by `size` (at most 256) doubles. */
export function run(size: i32): i32 {
  for (let i = 0; i < size * size; i++) {
    a[i] = <f64>(i % 7) - 2.5
    b[i] = <f64>(i % 11) / 3 - 1
  }
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let sum: f64 = 0
      for (let k = 0; k < size; k++) sum += unchecked(a[row * size + k] * b[k * size + column])
      c[row * size + column] = sum
    }
  }
  let sum: u32 = 0
  for (let i = 0; i < size * size; i++) sum = mixF64(sum, c[i])
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
