/**
 * Test-and-set on a directory that all replicas reach (§2.3), safe on local and NFS file systems. Term n of a
 * machine is the file `VM.term-n`, made by an exclusive hard link to a file that is already durable, so it
 * appears whole, once, and never changes.
 *
 * Term files are never removed: a process that was stopped between its test and its set must still find the
 * link taken, however much later it goes on.
 */
import { randomUUID } from 'node:crypto'
import { link, open, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Arbiter, Verdict } from './arbiter.ts'
import { whereabouts } from './file-account.ts'
import { checkRequest, checkVm, mayAdvance, NO_RECORD, verdictOf } from './record.ts'
import type { ArbiterRecord } from './record.ts'

const RECORD_VERSION = 1
const TEMPORARY_PREFIX = '.arbiter-'
/** Temporary files live for milliseconds; one this old was left by a process that died. */
const STRAY_AGE_MS = 60_000

export class FileArbiter implements Arbiter {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  /**
   * Opens an existing directory. It is not created: on a host where the shared storage is not mounted, a
   * directory of its own would let both replicas win.
   * @throws Error in one line if it does not exist, or can't be written, or has no hard links
   */
  static async open(directory: string): Promise<FileArbiter> {
    const arbiter = new FileArbiter(directory)
    try {
      await arbiter.probe()
      await arbiter.removeStrays()
    } catch (error) {
      throw new Error(`arbiter directory ${directory} can't be used: ${reasonOf(error)}`, { cause: error })
    }
    return arbiter
  }

  /** The record as it stands, durable by the time it is returned. @throws if it can't be read, or is damaged */
  async current(vm: string): Promise<ArbiterRecord> {
    checkVm(vm)
    return this.recordFrom(vm, 0)
  }

  /**
   * False if the directory can be read and has no such term: then it is not the storage where that term was won, and would be of
   * no use in a failover.
   * @throws if it can't be read
   */
  async knows(vm: string, term: number): Promise<boolean> {
    try {
      return (await this.read(vm, term)).term === term
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return (await this.lastTerm(vm)) >= term
    }
  }

  /** A failover waits for this: the record is looked up while the new one is already being written. */
  async testAndSet(vm: string, fromTerm: number, holder: string): Promise<Verdict> {
    checkRequest(vm, fromTerm, holder)
    const temporary = this.temporaryPath()
    const wanted = { version: RECORD_VERSION, vm, term: fromTerm + 1, holder, ...whereabouts() }
    const [found, written] = await Promise.allSettled([this.lookUp(vm, 0), writeDurably(temporary, JSON.stringify(wanted) + '\n')])
    try {
      if (found.status === 'rejected') throw found.reason
      if (!mayAdvance(found.value, fromTerm)) return verdictOf(await this.made(found.value), fromTerm, holder)
      if (written.status === 'rejected') throw written.reason
      if (!(await linkExclusively(temporary, this.path(vm, fromTerm + 1)))) {
        // Somebody was faster, or it was this very request, answered "exists" after its reply was lost (NFS).
        return verdictOf(await this.recordFrom(vm, fromTerm + 1), fromTerm, holder)
      }
      await syncDirectory(this.directory)
      return { won: true, term: fromTerm + 1, holder }
    } finally {
      await removeIfThere(temporary)
    }
  }

  /** The record, which is known to have reached `termMin`: a listing may come from a cache and not show it yet (NFS). */
  private async recordFrom(vm: string, termMin: number): Promise<ArbiterRecord> {
    return this.made(await this.lookUp(vm, termMin))
  }

  private async lookUp(vm: string, termMin: number): Promise<ArbiterRecord> {
    const term = Math.max(await this.lastTerm(vm), termMin)
    return term === 0 ? NO_RECORD : this.read(vm, term)
  }

  /** Whoever made the link may have died before making it durable; an answer must not be undone by a power failure. */
  private async made(record: ArbiterRecord): Promise<ArbiterRecord> {
    if (record.term > 0) await syncDirectory(this.directory)
    return record
  }

  private async lastTerm(vm: string): Promise<number> {
    const prefix = `${vm}.term-`
    let last = 0
    for (const name of await readdir(this.directory)) {
      if (!name.startsWith(prefix)) continue
      const digits = name.slice(prefix.length)
      if (/^[1-9][0-9]*$/.test(digits)) last = Math.max(last, Number(digits))
    }
    return last
  }

  private async read(vm: string, term: number): Promise<ArbiterRecord> {
    const path = this.path(vm, term)
    const text = await readFile(path, 'utf8')
    const { version, ...record } = parseRecord(text, path)
    if (version !== RECORD_VERSION) throw damaged(path, `version ${String(version)}, this release reads ${RECORD_VERSION}`)
    if (record.vm !== vm || record.term !== term) throw damaged(path, 'it names another machine or term')
    if (typeof record.holder !== 'string' || record.holder === '') throw damaged(path, 'it has no holder')
    return { term, holder: record.holder }
  }

  private path(vm: string, term: number): string {
    return join(this.directory, `${vm}.term-${term}`)
  }

  private temporaryPath(): string {
    return join(this.directory, TEMPORARY_PREFIX + randomUUID())
  }

  /** Does what a test-and-set does, while there is somebody to read the error: a failover is too late. */
  private async probe(): Promise<void> {
    const first = this.temporaryPath()
    const second = this.temporaryPath()
    try {
      await writeDurably(first, 'probe\n')
      await link(first, second)
      await syncDirectory(this.directory)
    } finally {
      await removeIfThere(first)
      await removeIfThere(second)
    }
  }

  /** A process that is only slow loses its temporary file too: its link then fails, and it asks again. */
  private async removeStrays(): Promise<void> {
    for (const name of await readdir(this.directory)) {
      if (!name.startsWith(TEMPORARY_PREFIX)) continue
      const path = join(this.directory, name)
      const modifiedMs = await stat(path).then(stats => stats.mtimeMs, ignoreMissing)
      if (modifiedMs !== undefined && Date.now() - modifiedMs > STRAY_AGE_MS) await removeIfThere(path)
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function linkExclusively(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch(ignoreMissing)
}

function parseRecord(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (error) {
    throw damaged(path, error instanceof Error ? error.message : String(error))
  }
  throw damaged(path, 'it is not a JSON object')
}

function damaged(path: string, what: string): Error {
  return new Error(`arbiter record ${path} is damaged: ${what}; nobody may go live until it is restored`)
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist; create it on storage that both replicas reach',
  ENOTDIR: 'it is not a directory',
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there, or a file system without hard links',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its file system is full',
  ENOTSUP: 'its file system has no hard links',
  ENOSYS: 'its file system has no hard links'
}

function reasonOf(error: unknown): string {
  return reasons[codeOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error))
}
