/** A backup that is not the same machine any more: it halts, says where it differs, and both machines are kept. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import test from 'ava'
import { ExitCode } from '../../hypervisor/ft/exit-codes.ts'
import { sentenceOf } from '../../hypervisor/host/report-text.ts'
import { keepSnapshot } from '../../hypervisor/host/snapshot-file.ts'
import { SnapshotDecoder } from '../../hypervisor/machine/snapshot-decoder.ts'
import { FakePair } from './fake-pair.ts'

const image = 'probe'

test('a byte changed in the backup: the report names the entries and the page, both machines are kept, a new backup comes', async (t) => {
  const pair = await FakePair.start({ stateHashIntervalMs: 20 })
  const client = pair.client()
  client.send('+')
  await pair.pass(100)
  pair.backup.machine.engine.memory()[65536 + 77] ^= 1
  client.send('+')
  await pair.pass(200)
  t.is(pair.backup.halted?.code, ExitCode.divergence)
  const report = pair.backup.reports.find(({ event }) => event === 'divergence')
  t.true(report?.event === 'divergence')
  if (report?.event !== 'divergence') return
  t.is(report.page, 1)
  t.is(report.firstBadSeq, report.lastGoodSeq + 1)
  t.regex(sentenceOf(report), /memory page 1 differs/)
  t.like(pair.primary.reports.find(({ event }) => event === 'backup-diverged'), { firstBadSeq: report.firstBadSeq })
  const kept = pair.hosts.map((host) => host.commands.filter((command) => command.do === 'keepSnapshot').length)
  t.deepEqual(kept, [1, 1])

  const successor = pair.addBackup(pair.primary, 'three')
  client.send('+')
  await pair.pass(200)
  t.is(pair.primary.replica.phase, 'protected')
  t.is(successor.hash, pair.primary.hash)
  t.is(client.text, '010203')
})

test('a difference outside memory is named as such', async (t) => {
  const pair = await FakePair.start({ stateHashIntervalMs: 20 })
  const client = pair.client()
  await pair.pass(100)
  pair.backup.machine.inputsInjected += 1
  client.send('+')
  await pair.pass(200)
  const report = pair.backup.reports.find(({ event }) => event === 'divergence')
  t.true(report?.event === 'divergence' && report.page === null && /registers and devices/.test(report.what))
})

for (const isEnding of [true, false]) {
  test(`a kept machine can be read again (written ${isEnding ? 'at once' : 'piece by piece'})`, async (t) => {
    const pair = await FakePair.start()
    pair.client().send('+r')
    await pair.settle()
    const directory = await mkdtemp(join(tmpdir(), 'ft-kept-'))
    t.teardown(() => rm(directory, { recursive: true }))
    const path = join(directory, 'below', 'kept.ftsnapshot')
    const error = await new Promise<Error | undefined>((resolve) => keepSnapshot(pair.primary.machine, image, path, isEnding, resolve))
    t.is(error, undefined)
    const decoder = new SnapshotDecoder({ image, memoryPagesMax: 16 }, crc32)
    decoder.push(readFileSync(path))
    const fresh = (await FakePair.start({ connect: false })).backup
    fresh.machine.restore(decoder.result())
    t.is(fresh.hash, pair.primary.hash)
  })
}

test('a machine that can not be kept: why, in a line, and nothing else happens', (t) => {
  const ended = { snapshot: () => { throw new Error('snapshot of a machine that runs') } }
  keepSnapshot(ended as never, image, join(tmpdir(), 'never'), true, (error) => t.is(error?.message, 'snapshot of a machine that runs'))
})
