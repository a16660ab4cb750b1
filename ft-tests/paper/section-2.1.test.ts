/** §2.1 Deterministic replay. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import test from 'ava'
import { Kind, Reached } from '../../logging-channel/entries.ts'
import { FrameDecoder } from '../../logging-channel/frame-decoder.ts'
import { MessageEncoder } from '../../logging-channel/message-encoder.ts'
import type { ChannelMessage } from '../../logging-channel/messages.ts'
import { FakePair } from './fake-pair.ts'

/** Everything nondeterministic that the guest can do, mixed. */
const everything = '+mwrkl+tp'

test('P2.1-1 every input and every nondeterministic choice is logged in order; replay repeats the execution exactly', async (t) => {
  const pair = await FakePair.start({ stateHashIntervalMs: 1 })
  pair.primary.world.usPerSlice = 130
  const clients = [pair.client(), pair.client(), pair.client()]
  for (const command of everything) {
    for (const client of clients) client.send(command)
    await pair.pass(20)
  }
  t.true(clients.some((client) => client.text.includes('T')), 'the timer fired')
  t.is(pair.backup.replica.status().replayedSeq, pair.primary.replica.status().lastSeq)
  t.is(pair.backup.machine.ticks, pair.primary.machine.ticks)
  t.is(pair.backup.hash, pair.primary.hash)
  t.true(pair.entries.filter(({ kind }) => kind === Kind.stateHash).length > 10, 'and was checked on the way')
  t.is(pair.backup.halted, undefined)
})

test('P2.1-2 a clock read or a random draw is logged with what gives the same result at replay', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  client.send('mwr')
  await pair.settle()
  const seen = client.take()
  const [monotonic, wall, entropy] = pair.entries.filter(({ kind }) => kind === Kind.clock || kind === Kind.entropy)
  t.is(monotonic.kind === Kind.clock ? monotonic.us : NaN, seen.readDoubleLE(0))
  t.is(wall.kind === Kind.clock ? wall.us : NaN, seen.readDoubleLE(8))
  t.deepEqual(entropy.kind === Kind.entropy ? Buffer.from(entropy.bytes) : undefined, seen.subarray(16))
  t.not(pair.backup.world.wallUs(), pair.primary.world.wallUs(), 'the backup\'s own clock would have told it otherwise')
  t.is(pair.backup.hash, pair.primary.hash)
})

for (const usPerSlice of [37, 90, 210]) {
  test(`P2.1-3 an interrupt is logged with its exact tick and delivered there at replay (slices of ${usPerSlice} µs)`, async (t) => {
    const pair = await FakePair.start()
    pair.primary.world.usPerSlice = usPerSlice
    pair.backup.replica.quantumTicks = 777 // the backup's own slices have nothing to do with it
    const client = pair.client()
    client.send('p')
    await pair.settle()

    const answer = client.take()
    const at = pair.entries.findIndex((entry) => entry.kind === Kind.interrupt && entry.causes === 2)
    const [progress, timer, interrupt] = pair.entries.slice(at - 2)
    // Timer 1 is due 1000 µs into the computation: in the midst of it, after so many slices of 1000 ticks.
    const slices = Math.ceil(1000 / usPerSlice)
    t.like(progress, { kind: Kind.progress, reached: Reached.tick })
    t.like(timer, { kind: Kind.timer, timer: 1 })
    t.true(progress.kind === Kind.progress && interrupt.kind === Kind.interrupt && interrupt.tick === progress.tick)
    const iteration = answer.readInt32LE(0)
    t.true(iteration > (slices - 1) * 1000 && iteration <= slices * 1000, `interrupted at iteration ${iteration}`)
    t.is(answer.readInt32LE(4), 1)
    const noted = (host: FakePair['backup']): Buffer => Buffer.from(host.machine.engine.memory().slice(3000, 3008))
    t.deepEqual(noted(pair.backup), answer, 'the handler saw the same iteration on the backup')
    t.is(pair.backup.hash, pair.primary.hash)
  })
}

test('P2.1-4 events are delivered as they come, without epochs: an answer needs no time to pass', async (t) => {
  const pair = await FakePair.start()
  const client = pair.client()
  const before = pair.nowMs
  for (let i = 1; i <= 20; i++) {
    client.send('+')
    await pair.settle()
  }
  t.is(client.text.length, 40)
  t.is(pair.nowMs, before)
  t.is(pair.entries.filter(({ kind }) => kind === Kind.interrupt).length, 20)
})

test('P2.1-5 the log in a file replays as it does on a live backup, being the same bytes', async (t) => {
  const pair = await FakePair.start({ stateHashIntervalMs: 1 })
  const client = pair.client()
  const channel: ChannelMessage[] = [{ ...pair.primary.replica.hello, begins: 'boot' }]
  client.send('+r')
  await pair.settle()
  client.send('klw')
  await pair.pass(10)
  channel.push(...pair.frames)

  const directory = await mkdtemp(join(tmpdir(), 'ft-paper-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const encoder = new MessageEncoder({ checksum: crc32 })
  await writeFile(join(directory, 'recording'), Buffer.concat(channel.map((message) => Buffer.from(encoder.encode(message)))))
  const recording = await readFile(join(directory, 'recording'))

  const replayer = (await FakePair.start({ connect: false })).backup
  const decoder = new FrameDecoder({ checksum: crc32, onMessage: (message) => void replayer.inbox.push({ kind: 'peer', message }) })
  for (let at = 0; at < recording.length; at += 100) decoder.push(recording.subarray(at, at + 100))
  await drive(replayer)
  t.is(replayer.hash, pair.backup.hash)
  t.is(replayer.machine.ticks, pair.primary.machine.ticks)
  t.is(replayer.replica.status().replayedSeq, pair.primary.replica.status().lastSeq)
})

/** A replica that has nobody but its log. */
async function drive(host: FakePair['backup']): Promise<void> {
  do {
    for (let commands = host.step(); commands !== undefined; commands = host.step()) {
      for (const command of commands) if (command.do === 'run') host.ask(command.untilTick)
    }
  } while (await host.runSlice())
}
