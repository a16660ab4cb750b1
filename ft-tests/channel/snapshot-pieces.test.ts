/** A snapshot on its way: pieces in order, bounded, and nothing accepted that does not follow. */
import test from 'ava'
import { Eligibility } from '../../hypervisor/ft/eligibility.ts'
import { decodeReplicaState, encodeReplicaState, type ReplicaState } from '../../hypervisor/ft/replica-state.ts'
import { SnapshotReceiver } from '../../hypervisor/ft/snapshot-receiver.ts'
import { SnapshotSender, type SnapshotSource } from '../../hypervisor/ft/snapshot-sender.ts'
import type { SnapshotPiece } from '../../logging-channel/messages.ts'

/** So many pieces of so many bytes, some of them empty. */
function source(pieces: readonly number[]): SnapshotSource {
  let at = 0
  return {
    totalBytes: 100, get doneBytes() { return at },
    next: () => (at === pieces.length ? undefined : new Uint8Array(pieces[at++]!).fill(at))
  }
}

function all(sender: SnapshotSender): SnapshotPiece[] {
  const pieces: SnapshotPiece[] = []
  for (let piece = sender.next(1); piece !== undefined; piece = sender.next(1)) pieces.push(piece)
  return pieces
}

test('pieces follow each other, empty ones are left out, the last says so', (t) => {
  const sender = new SnapshotSender(7, source([3, 0, 0, 2, 4, 0]))
  const pieces = all(sender)
  t.deepEqual(pieces.map(({ offset, bytes, last }) => [offset, bytes.length, last]), [[0, 3, false], [3, 2, false], [5, 4, true]])
  t.false(sender.isComplete)
  sender.acknowledge(7, 9)
  t.true(sender.isComplete)
})

test('only so much is under way', (t) => {
  const mib = 2 ** 20
  const sender = new SnapshotSender(1, source(Array.from({ length: 20 }, () => mib)))
  t.is(all(sender).length, 8)
  sender.acknowledge(1, 3 * mib)
  t.is(all(sender).length, 3)
  t.throws(() => sender.acknowledge(1, 2 * mib), { message: /were acknowledged before/ })
  t.throws(() => sender.acknowledge(1, 12 * mib), { message: /are sent/ })
  t.throws(() => sender.acknowledge(2, 4 * mib), { message: /at seq 2, this one is at seq 1/ })
})

test('a receiver takes the very next piece, and nothing after the last', (t) => {
  const pieces = all(new SnapshotSender(7, source([3, 2, 4])))
  const taken: number[] = []
  const receiver = new SnapshotReceiver(pieces[0]!, { push: (bytes: Uint8Array) => void taken.push(bytes.length) } as never)
  receiver.take(pieces[0]!)
  t.throws(() => receiver.take(pieces[2]!), { message: /offset 3 at seq 7 must come next/ })
  t.throws(() => receiver.take({ ...pieces[1]!, seq: 8 }), { message: /must come next/ })
  receiver.take(pieces[1]!)
  t.false(receiver.isComplete)
  receiver.take(pieces[2]!)
  t.true(receiver.isComplete)
  t.deepEqual(taken, [3, 2, 4])
  t.throws(() => receiver.take(pieces[2]!), { message: /after the last/ })
})

test('a backup may take over only with its state and the mark of the term', (t) => {
  const eligibility = new Eligibility()
  t.false(eligibility.isIn(3))
  t.throws(() => eligibility.marked(3), { message: /before the snapshot was complete/ })
  eligibility.hasState()
  t.false(eligibility.isIn(3))
  eligibility.marked(3)
  t.true(eligibility.isIn(3))
  t.false(eligibility.isIn(4))
  t.false(eligibility.isIn(0))
})

test('a replica\'s own state: what is written is read', (t) => {
  const state: ReplicaState = {
    clocks: { monotonicUs: 2 ** 40, wallUs: 1_700_000_000_000_000 },
    timers: [{ timer: 0, leftUs: 5 }, { timer: 63, leftUs: 2 ** 45 }],
    outputs: { first: 2 ** 33, outputs: [{ kind: 'data', conn: 4, bytes: Uint8Array.of(1, 2) }, { kind: 'end', conn: 4 }] }
  }
  const bytes = encodeReplicaState(state)
  t.deepEqual(decodeReplicaState(bytes), state)
  for (let cut = 0; cut < bytes.length; cut++) t.throws(() => decodeReplicaState(bytes.subarray(0, cut)), undefined, `cut at ${cut}`)
})
