/** Where failovers and divergences are put on record. */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { Option } from 'commander'
import { UsageError } from '../host/usage-error.ts'

export function recordsOption(): Option {
  return new Option('--records <directory>', 'where failovers and divergences are put on record')
    .default(undefined, ownDirectory())
}

/** @throws UsageError where nothing can be put: at a failover it would be too late to say so. Makes nothing yet. */
export function recordsDirectory(given: string | undefined): string {
  const directory = resolve(given ?? ownDirectory())
  let existing = directory
  while (!existsSync(existing)) existing = dirname(existing)
  try {
    accessSync(existing, constants.W_OK)
    if (!statSync(existing).isDirectory()) throw new Error('not a directory')
  } catch (error) {
    throw new UsageError(`records can't be put into ${directory}: ${(error as Error).message}; choose another with --records`)
  }
  return directory
}

/** Of this user alone: what another one made there could not be written to. */
function ownDirectory(): string {
  return join(tmpdir(), `ft-run-records-${userInfo().username}`)
}
