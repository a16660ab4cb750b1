/**
 * What an arbiter directory tells people about a machine: who holds its last term, since when, and whether it has ended.
 * Nobody decides by it. `VM.ended-N` is written beside the record of term N by its holder, when the machine ends in good order.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isGone, type ProcessPlace, processPlace } from './this-host.ts'

/** What a record says of its holder beyond its name; one that was made by hand or by an older release may lack it. */
export type Whereabouts = ProcessPlace & { readonly pid: number; readonly at: string }

type Ended = { readonly holder: string; readonly at: string; readonly how: string }

/** This process, now. */
export function whereabouts(): Whereabouts {
  return { ...processPlace(), pid: process.pid, at: new Date().toISOString() }
}

/** Notes that the machine whose term `term` this process holds has ended, and how. @throws if it can't be written */
export async function noteEnd(directory: string, vm: string, term: number, holder: string, how: string): Promise<void> {
  const ended: Ended = { holder, at: new Date().toISOString(), how }
  await writeFile(endedPath(directory, vm, term), `${JSON.stringify(ended)}\n`)
}

/** One line on a machine whose name can't be used again: live elsewhere, ended, or lost; and what to do. Reads only. */
export async function accountOf(directory: string, vm: string, term: number, holder: string): Promise<string> {
  const path = join(directory, `${vm}.term-`)
  const record = await readJson<Whereabouts>(`${path}${term}`)
  const ended = await readJson<Ended>(endedPath(directory, vm, term))
  const otherwise = `choose another --vm; or, once nothing of it runs any more, its switch included, remove ${path}*`
  // One of an earlier machine of that name, whose record was removed, is not meant.
  if (ended?.holder === holder && ended.at >= (record?.at ?? '')) {
    return `it ended at ${ended.at} (${ended.how}), and its state with it: ${otherwise}`
  }
  const since = record?.at === undefined ? '' : `, since ${record.at}`
  if (record !== undefined && isGone(record.pid, record)) {
    return `its holder, process ${record.pid} of this host${since}, is gone without a word; unless its backup takes over, ${otherwise}`
  }
  const where = record?.host === undefined ? '' : `, on host ${record.host}`
  return `it is live by that record${where}${since}; if it was lost all the same, ${otherwise}`
}

function endedPath(directory: string, vm: string, term: number): string {
  return join(directory, `${vm}.ended-${term}`)
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch {
    return undefined
  }
}
