import { leave } from './guest'
export { ft_start } from './guest'

function fib(n: i32): i32 {
  return n < 2 ? n : fib(n - 1) + fib(n - 2)
}

/** The Fibonacci number of `size`, by plain recursion. */
export function run(size: i32): i32 {
  return fib(size)
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
