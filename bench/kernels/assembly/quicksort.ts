import { leave, mix, random, sow } from './guest'
export { ft_start } from './guest'

const MAX = 1 << 18
const items = new StaticArray<i32>(MAX)

function insertionSort(from: i32, to: i32): void {
  for (let i = from + 1; i <= to; i++) {
    const item = items[i]
    let at = i - 1
    while (at >= from && items[at] > item) {
      items[at + 1] = items[at]
      at--
    }
    items[at + 1] = item
  }
}

function quicksort(from: i32, to: i32): void {
  while (to - from > 12) {
    const pivot = items[(from + to) >>> 1]
    let low = from
    let high = to
    while (low <= high) {
      while (items[low] < pivot) low++
      while (items[high] > pivot) high--
      if (low > high) break
      const item = items[low]
      items[low++] = items[high]
      items[high--] = item
    }
    if (high - from < to - low) {
      quicksort(from, high)
      from = low
    } else {
      quicksort(low, to)
      to = high
    }
  }
  insertionSort(from, to)
}

/** Sorts `size` words (at most 2^18). */
export function run(size: i32): i32 {
  sow(2026)
  for (let i = 0; i < size; i++) items[i] = random()
  quicksort(0, size - 1)
  let sum: u32 = 0
  for (let i = 0; i < size; i++) {
    if (i > 0 && items[i - 1] > items[i]) return -1
    sum = mix(sum, items[i])
  }
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
