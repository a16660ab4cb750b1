/** Objects of AssemblyScript made and dropped, with its garbage collector at work: trees, strings, a map, arrays. */
import { leave, mix } from './guest'
export { ft_start } from './guest'

class Tree {
  left: Tree | null = null
  right: Tree | null = null
  constructor(public value: i32) {}

  sum(): i32 {
    const left = this.left
    const right = this.right
    return this.value + (left ? left.sum() : 0) - (right ? right.sum() : 0)
  }
}

function grow(depth: i32, value: i32): Tree {
  const tree = new Tree(value)
  if (depth > 0) {
    tree.left = grow(depth - 1, value * 2 - 1)
    tree.right = grow(depth - 1, value * 2)
  }
  return tree
}

function words(count: i32): u32 {
  const seen = new Map<string, i32>()
  const order: string[] = []
  for (let i = 0; i < count; i++) {
    const word = 'w' + (i * 7919 % 61).toString()
    if (seen.has(word)) {
      seen.set(word, seen.get(word) + 1)
    } else {
      seen.set(word, 1)
      order.push(word)
    }
  }
  let sum: u32 = 0
  for (let i = 0; i < order.length; i++) sum = mix(sum, seen.get(order[i]) * 31 + order[i].length)
  return sum
}

/** `size` rounds of a tree of depth 6 and 40 counted words. */
export function run(size: i32): i32 {
  let sum: u32 = 0
  for (let round = 0; round < size; round++) {
    sum = mix(sum, grow(6, round).sum())
    sum = mix(sum, words(40 + (round & 7)))
  }
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
