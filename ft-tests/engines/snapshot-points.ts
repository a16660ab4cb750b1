/** Snapshots of guests at random points of a tape, and what comes of them elsewhere. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { SnapshotDecoder } from '../../hypervisor/machine/snapshot-decoder.ts'
import { SnapshotEncoder } from '../../hypervisor/machine/snapshot-encoder.ts'
import type { MachineSnapshot } from '../../hypervisor/machine/snapshot-format.ts'
import { engineMakers, type EngineMaker } from './engine-makers.ts'
import { guestTapes } from './guest-tapes.ts'
import { latelyStopped } from './stepping.ts'
import { type Sight, type SilentStops, TapeMachine } from './tape-machine.ts'
import { type SavedOutside, TapeOutside } from './tape-outside.ts'

/** A machine on its way, as bytes that any process can go on from. */
export type Point = {
  readonly guest: string
  readonly tick: number
  /** The step of the tape under way, or the one just done; 0 is the boot. */
  readonly step: number
  /** Where a slice of ticks ends that is under way; undefined between two steps of the tape. */
  readonly sliceEnd: number | undefined
  readonly snapshot: Uint8Array
  readonly outside: SavedOutside
}

export type TapeRun = {
  readonly ticks: number
  /** What was seen after the boot and after each step. */
  readonly sights: readonly Sight[]
  readonly points: readonly Point[]
}

const TAPE_SEED = 11
const IMAGE = 'ab'.repeat(32)

export type Wanted = {
  /** Ticks to take snapshots at, ascending. */
  readonly ticks: readonly number[]
  /** Instructions to go on by from such a tick before the snapshot is taken. */
  readonly further: () => number
}

/** Runs a guest's tape on the interpreter, and takes snapshots in the middle of code. */
export async function stopAnywhere(guest: string, { ticks, further }: Wanted): Promise<TapeRun> {
  let next = 0
  let aim = Infinity
  const maker = latelyStopped((tick) => (tick === aim ? further() : 0))
  return await drive(guest, maker, (take) => ({
    next: (now, sliceEnd) => {
      while (ticks[next]! <= now) next++
      aim = ticks[next]! < sliceEnd ? ticks[next]! : Infinity
      return aim
    },
    at: (_, sliceEnd) => take(sliceEnd)
  }), new Set())
}

/** Runs a guest's tape on an engine; snapshots are taken after these steps of the tape, between two events. */
export async function runTape(guest: string, engine: string, after: ReadonlySet<number> = new Set()): Promise<TapeRun> {
  return await drive(guest, engineMakers[engine]!, () => undefined, after)
}

type Stops = (take: (sliceEnd: number) => void) => SilentStops | undefined

async function drive(guest: string, maker: EngineMaker, stops: Stops, after: ReadonlySet<number>): Promise<TapeRun> {
  const { guest: image, steps } = guestTapes[guest]!(TAPE_SEED)
  const points: Point[] = []
  const sights: Sight[] = []
  const take = (sliceEnd: number | undefined): void => {
    const { machine, outside } = tape
    const step = sliceEnd === undefined ? sights.length - 1 : sights.length
    points.push({ guest, tick: machine.ticks, step, sliceEnd, snapshot: encoded(machine.snapshot()), outside: outside.saved() })
  }
  const tape = new TapeMachine(image, maker, undefined, stops(take))
  sights.push(await tape.boot())
  for (const step of steps) {
    sights.push(await tape.step(step))
    if (after.has(sights.length - 1)) take(undefined)
  }
  return { ticks: tape.machine.ticks, sights, points }
}

/** Goes on from a point to the tape's end, on any engine: what is seen from there on. */
export async function continueFrom(point: Point, engine: string): Promise<Sight[]> {
  const { guest, steps } = guestTapes[point.guest]!(TAPE_SEED)
  const tape = new TapeMachine(guest, engineMakers[engine]!, TapeOutside.from(point.outside))
  tape.machine.restore(decoded(point.snapshot, guest.memoryPagesMax))
  const sights = point.sliceEnd === undefined ? [] : [await tape.resume(point.sliceEnd)]
  for (const step of steps.slice(point.step)) sights.push(await tape.step(step))
  return sights
}

/** What `continueFrom` must see, of an uninterrupted run. */
export function expectedAfter({ step, sliceEnd }: Point, sights: readonly Sight[]): readonly Sight[] {
  return sights.slice(sliceEnd === undefined ? step + 1 : step)
}

/** Equal for equal sights. */
export const sightsDigest = (sights: readonly Sight[]): string => createHash('sha1').update(JSON.stringify(sights)).digest('hex')

function encoded(snapshot: MachineSnapshot): Uint8Array {
  const encoder = new SnapshotEncoder(snapshot, IMAGE, crc32)
  const chunks: Uint8Array[] = []
  for (let chunk = encoder.next(); chunk !== undefined; chunk = encoder.next()) chunks.push(chunk.slice())
  return Buffer.concat(chunks)
}

function decoded(bytes: Uint8Array, memoryPagesMax: number): MachineSnapshot {
  const decoder = new SnapshotDecoder({ image: IMAGE, memoryPagesMax }, crc32)
  decoder.push(bytes)
  return decoder.result()
}
