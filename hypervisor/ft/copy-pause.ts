/**
 * The pause in which a primary copies its guest's memory for a new backup (§3.1). It says nothing meanwhile, and a gigabyte takes
 * longer than a few heartbeats: another backup, which is about to be replaced, is told beforehand for how long it must not
 * take that for a death. A primary that dies while it copies is found so much later, and no more.
 */
import type { BackupLink } from './backup-link.ts'
import type { Core } from './core.ts'
import type { ReplicaConfig } from './replica-config.ts'

const copyMsPerMiBDefault = 2
/** However much there is to copy. */
const pauseMsMax = 10_000
/** Between the announcement and the copy: what was sent must have left this process. */
const leadMs = 1

export class CopyPause {
  readonly #core: Core
  readonly #config: ReplicaConfig
  #announcedMs: number | undefined

  constructor(core: Core, config: ReplicaConfig) {
    this.#core = core
    this.#config = config
  }

  /** Tells the other backups, if copying `bytes` may take long. @returns true once the copy may begin: then, or in a later step */
  isKnown(bytes: number, others: readonly BackupLink[]): boolean {
    const { copyMsPerMiB = copyMsPerMiBDefault, heartbeatIntervalMs } = this.#config
    const forMs = Math.min(pauseMsMax, Math.ceil((bytes / (1 << 20)) * copyMsPerMiB))
    if (forMs <= heartbeatIntervalMs || others.length === 0) return true
    if (this.#announcedMs !== undefined) return this.#core.nowMs - this.#announcedMs >= leadMs
    this.#announcedMs = this.#core.nowMs
    this.#tell(forMs, others)
    return false
  }

  /** The copy is made, or there will be none: silence means what it did before. */
  over(others: readonly BackupLink[]): void {
    if (this.#announcedMs === undefined) return
    this.#announcedMs = undefined
    this.#tell(0, others)
  }

  #tell(forMs: number, others: readonly BackupLink[]): void {
    for (const other of others) other.send({ type: 'pause', term: this.#core.term, forMs })
  }
}
