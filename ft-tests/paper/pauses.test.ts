/** §2.3 with silences that mean no failure: a primary that copies a large machine, a frame that is long for its link. */
import test from 'ava'
import { readFileSync } from 'node:fs'
import type { FakeHost } from './fake-host.ts'
import { FakePair, heartbeatIntervalMs } from './fake-pair.ts'
import { assemble } from './probe.ts'

const limitMs = 3 * heartbeatIntervalMs
/** 64 MiB, and what may be granted for copying them. */
const memoryPages = 1024
const grantedMs = 128

/** A pair whose backup is being moved: the primary has announced that it will copy its machine, and is about to. */
async function aboutToCopy(): Promise<{ readonly pair: FakePair; readonly third: FakeHost }> {
  const probe = readFileSync(new URL('./probe.wat', import.meta.url), 'utf8')
  const image = await assemble(probe.replace('(memory (export "memory") 2)', `(memory (export "memory") ${memoryPages})`))
  const pair = await FakePair.start({ image, memoryPagesMax: memoryPages })
  pair.primary.inbox.push({ kind: 'moveBackup' })
  await pair.settle()
  const third = pair.addBackup(pair.primary, 'three')
  for (let i = 0; i < 50 && pauses(pair).length === 0; i++) await pair.pass(heartbeatIntervalMs / 5)
  return { pair, third }
}

/** What the primary has said of pauses. */
function pauses({ primary }: FakePair): readonly number[] {
  return primary.commands.flatMap((command) => (command.do === 'peer' && command.message.type === 'pause' ? [command.message.forMs] : []))
}

test('P2.3-4 (ours) a primary that copies a large machine says so before: its old backup does not take that for a death', async (t) => {
  const { pair, third } = await aboutToCopy()
  t.deepEqual(pauses(pair), [grantedMs])
  t.false(pair.primary.has('snapshot'), 'what it has said leaves first')
  pair.primary.stopped = true
  await pair.pass(limitMs + grantedMs - heartbeatIntervalMs)
  pair.primary.stopped = false
  await pair.pass(1000)
  t.false(pair.hosts.some((host) => host.has('suspect')))
  t.deepEqual(pauses(pair), [grantedMs, 0])
  t.is(third.replica.phase, 'replaying')
  t.is(pair.arbiter.current('vm').term, 1)
})

test('P2.3-4 (ours) one that dies while it copies is found: later by what it said, and no more', async (t) => {
  const { pair } = await aboutToCopy()
  pair.primary.stopped = true
  await pair.pass(limitMs + grantedMs + heartbeatIntervalMs)
  t.true(pair.backup.has('live'))
})

test('P2.3-4 (ours) when the copy is made, or is not to be made, silence means what it did before', async (t) => {
  for (const end of ['copied', 'lost'] as const) {
    const { pair, third } = await aboutToCopy()
    if (end === 'lost') await pair.kill(third)
    else third.stopped = true
    await pair.pass(2 * heartbeatIntervalMs)
    t.is(pair.primary.has('snapshot'), end === 'copied')
    t.deepEqual(pauses(pair), [grantedMs, 0])
    pair.primary.stopped = true
    await pair.pass(limitMs + heartbeatIntervalMs)
    t.true(pair.backup.has('live'))
  }
})

test('P2.3-4 (ours) nobody is granted more than ten seconds', async (t) => {
  const pair = await FakePair.start()
  pair.backup.inbox.push({ kind: 'peer', message: { type: 'pause', term: 1, forMs: 2 ** 32 - 1 } })
  pair.primary.stopped = true
  await pair.pass(10_000)
  t.false(pair.backup.has('suspect'))
  await pair.pass(limitMs + heartbeatIntervalMs)
  t.true(pair.backup.has('live'))
})

test('P2.3-4 (ours) the bytes of a long frame on a slow link are signs of life, but not for ever', async (t) => {
  for (const to of ['primary', 'backup'] as const) {
    const pair = await FakePair.start()
    const from = to === 'primary' ? pair.toPrimary : pair.toBackup
    from.loses = () => true
    for (let ms = 0; ms < 9000; ms += heartbeatIntervalMs) {
      pair[to].inbox.push({ kind: 'peerPart' })
      await pair.pass(heartbeatIntervalMs)
    }
    t.false(pair[to].has('suspect'), `to the ${to}`)
    for (let ms = 0; ms < 2000; ms += heartbeatIntervalMs) {
      pair[to].inbox.push({ kind: 'peerPart' })
      await pair.pass(heartbeatIntervalMs)
    }
    t.true(pair[to].has('suspect'), 'whoever sends drops of one frame for ten seconds is no peer')
  }
})
