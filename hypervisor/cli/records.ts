/** Where failovers and divergences are put on record. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Option } from 'commander'

export function recordsOption(): Option {
  return new Option('--records <directory>', 'where failovers and divergences are put on record')
    .default(undefined, 'ft-run-records in the temporary folder')
}

export function recordsDirectory(given: string | undefined): string {
  return given ?? join(tmpdir(), 'ft-run-records')
}
