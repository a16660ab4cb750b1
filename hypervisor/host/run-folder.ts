/**
 * The temporary folder of one `ft-run`: arbiter and code cache of its pair. It goes when `ft-run` ends; what one that was
 * killed left behind, the next one removes.
 */
import { lstat, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isGone, type ProcessPlace, processPlace } from '../../shared-disk/this-host.ts'

const prefix = 'ft-run-'
const ownerFile = 'owner.json'

type Owner = ProcessPlace & { readonly pid: number }

/** Makes the folder; nobody else can read it. */
export async function makeRunFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix))
  const owner: Owner = { pid: process.pid, ...processPlace() }
  await writeFile(join(folder, ownerFile), JSON.stringify(owner))
  return folder
}

/** Removes this user's folders whose `ft-run` is gone. Two may do so at the same time; what can't be removed stays. */
export async function sweepRunFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name)
    if (name.startsWith(prefix) && await isStale(folder)) await rm(folder, { recursive: true, force: true }).catch(() => {})
  }
}

/** Only a folder of this user that says whose it is. */
async function isStale(folder: string): Promise<boolean> {
  try {
    const stats = await lstat(folder)
    if (!stats.isDirectory() || stats.uid !== process.getuid?.()) return false
    const owner = JSON.parse(await readFile(join(folder, ownerFile), 'utf8')) as Owner
    return isGone(owner.pid, owner)
  } catch {
    return false
  }
}
