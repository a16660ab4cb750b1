import test from 'ava'
import { SnapshotSender } from '../../hypervisor/ft/snapshot-sender.ts'

/** A source of these slices, that counts how many were taken. */
function sourceOf(slices: readonly Uint8Array[]) {
  return {
    taken: 0, totalBytes: 100,
    get doneBytes(): number {
      return this.taken
    },
    next(): Uint8Array | undefined {
      return slices[this.taken++]
    }
  }
}

test('long zeroes are looked at in several goes, and no piece is empty or lost', (t) => {
  const empty = Array.from({ length: 30 }, () => new Uint8Array(0))
  const source = sourceOf([Uint8Array.of(1), ...empty, Uint8Array.of(2), Uint8Array.of(3)])
  const sender = new SnapshotSender(7, source)
  const pieces: number[][] = []
  const lasts: boolean[] = []
  let goes = 0
  for (let before = source.taken; !lasts.at(-1); before = source.taken) {
    const piece = sender.next(1)
    t.true(source.taken - before <= 2 * 8)
    goes++
    if (piece === undefined) continue
    pieces.push([...piece.bytes])
    lasts.push(piece.last)
  }
  t.deepEqual(pieces, [[1], [2], [3]])
  t.deepEqual(lasts, [false, false, true])
  t.true(goes > 3)
  t.false(sender.isComplete)
  sender.acknowledge(7, 3)
  t.true(sender.isComplete)
})
