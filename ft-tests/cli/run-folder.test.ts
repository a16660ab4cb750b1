/** Temporary folders that a killed ft-run left behind: the next one removes them, and nothing else. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { makeRunFolder, sweepRunFolders } from '../../hypervisor/host/run-folder.ts'
import { processPlace } from '../../shared-disk/this-host.ts'
import { allGone, type Closer, prepare, startPair } from './command.ts'

test.before(prepare('echo'))

/** What `tmpdir()` gives during one test. */
function useTemporary(t: Closer, folder: string): void {
  const { TMPDIR } = process.env
  process.env['TMPDIR'] = folder
  t.teardown(() => {
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
  })
}

test.serial('folders of this user whose ft-run is gone are removed; all others stay', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sweep-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  useTemporary(t, folder)
  const dead = { ...processPlace(), pid: spawnSync('true').pid }
  const make = (name: string, owner: object | string): void => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'owner.json'), typeof owner === 'string' ? owner : JSON.stringify(owner))
  }
  make('ft-run-stale', dead)
  make('ft-run-live', { ...dead, pid: process.pid })
  make('ft-run-elsewhere', { ...dead, host: 'another-host' })
  make('ft-run-container', { ...dead, numbering: 'pid:[1]' })
  make('ft-run-damaged', '{')
  make('ft-run-group', { ...dead, pid: 0 })
  make('other', dead)
  mkdirSync(join(folder, 'ft-run-records-somebody'))
  symlinkSync(join(folder, 'other'), join(folder, 'ft-run-link'))
  const own = await makeRunFolder()
  const before = readdirSync(folder)
  await Promise.all([sweepRunFolders(), sweepRunFolders()])
  t.deepEqual(readdirSync(folder), before.filter((name) => name !== 'ft-run-stale'))
  t.true(readdirSync(own).length > 0)
})

test.serial('after SIGKILL of ft-run its folder is swept by the next', async (t) => {
  const { command, ready } = await startPair(t, ['echo'])
  process.kill(command.pid, 'SIGKILL')
  await command.ended
  await allGone([ready.primary, ready.backup])
  const isFolder = (name: string): boolean => /^ft-run-\w{6}$/.test(name)
  t.true(command.leftovers().some(isFolder))
  useTemporary(t, command.folder)
  await sweepRunFolders()
  t.false(command.leftovers().some(isFolder))
})
