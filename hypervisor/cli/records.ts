/** Where failovers and divergences are put on record. */
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Option } from 'commander'

export function recordsOption(): Option {
  return new Option('--records <directory>', 'where failovers and divergences are put on record')
    .default(undefined, ownDirectory())
}

export function recordsDirectory(given: string | undefined): string {
  return given ?? ownDirectory()
}

/** Of this user alone: what another one made there could not be written to. */
function ownDirectory(): string {
  return join(tmpdir(), `ft-run-records-${userInfo().username}`)
}
