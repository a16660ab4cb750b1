/** A machine kept in a file, for whoever looks for the cause of a divergence. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Machine } from '../machine/machine.ts'
import { SnapshotEncoder } from '../machine/snapshot-encoder.ts'

/**
 * Copies the machine now and writes the copy: at once if this replica is about to end, else piece by piece, so that the
 * service goes on meanwhile. `onDone` gets an Error in one line if the machine can't be copied or the file not written.
 */
export function keepSnapshot(machine: Machine, image: string, path: string, isEnding: boolean, onDone: (error?: Error) => void): void {
  try {
    const encoder = new SnapshotEncoder(machine.snapshot(), image, crc32)
    mkdirSync(dirname(path), { recursive: true })
    const file = openSync(path, 'w', 0o600)
    write(file, encoder, isEnding, onDone)
  } catch (error) {
    onDone(error as Error)
  }
}

function write(file: number, encoder: SnapshotEncoder, isEnding: boolean, onDone: (error?: Error) => void): void {
  try {
    for (let bytes = encoder.next(); bytes !== undefined; bytes = encoder.next()) {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
      if (!isEnding) return void setImmediate(() => write(file, encoder, isEnding, onDone))
    }
    closeSync(file)
    onDone()
  } catch (error) {
    onDone(error as Error)
  }
}
