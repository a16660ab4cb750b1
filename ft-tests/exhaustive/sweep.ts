/** Point after point of one scenario, until a run is over before its replica could die. */
import type { PreparedGuest } from '../../hypervisor/v8/prepare.ts'
import { stepsOf } from './crash-gate.ts'
import { runPoint, type Scenario } from './scenario.ts'

export type SweepCount = {
  points: number
  lostAcknowledged: number
  duplicated: number
  nonLinearizable: number
  brokenConnections: number
  divergences: number
  stuck: number
  unavailable: number
  /** Entries of the longest log. */
  entriesMax: number
  /** Deaths by what stood before and behind them. */
  readonly places: Record<string, number>
  readonly complaints: string[]
}

export type SweepOptions = {
  readonly guest: PreparedGuest
  readonly scenario: Scenario
  /** The uninterrupted run has at least so many log entries. */
  readonly entriesMin: number
  /** Places `first`, `first + stride`, ... */
  readonly first: number
  readonly stride: number
  readonly onPoint?: (place: number) => void
}

const ADDED = ['lostAcknowledged', 'duplicated', 'nonLinearizable', 'brokenConnections', 'divergences'] as const

export const noCount = (): SweepCount => ({
  points: 0, lostAcknowledged: 0, duplicated: 0, nonLinearizable: 0, brokenConnections: 0, divergences: 0, stuck: 0, unavailable: 0,
  entriesMax: 0, places: {}, complaints: []
})

export async function sweep({ first, stride, onPoint, ...options }: SweepOptions): Promise<SweepCount> {
  const count = noCount()
  for (let place = first; ; place += stride) {
    const point = await runPoint({ ...options, place })
    const where = `${options.scenario}, place ${place} (${point.diedAt ?? 'not reached'})`
    count.complaints.push(...point.complaints.map((text) => `${where}: ${text}`))
    if (point.stuck !== undefined) count.complaints.push(`${where}: ${point.stuck}`)
    for (const key of ADDED) count[key] += point[key]
    count.stuck += Number(point.stuck !== undefined)
    count.unavailable += Number(point.unavailable)
    count.entriesMax = Math.max(count.entriesMax, point.entries)
    if (!point.reached) return count
    count.points++
    for (const step of stepsOf(point.diedAt as string)) count.places[step] = (count.places[step] ?? 0) + 1
    onPoint?.(place)
  }
}

/** Adds `part` to `total`. */
export function addCount(total: SweepCount, part: SweepCount): void {
  const { places, complaints, entriesMax, ...numbers } = part
  for (const [key, value] of Object.entries(numbers) as [keyof typeof numbers, number][]) total[key] += value
  total.entriesMax = Math.max(total.entriesMax, entriesMax)
  for (const [place, deaths] of Object.entries(places)) total.places[place] = (total.places[place] ?? 0) + deaths
  total.complaints.push(...complaints)
}

/** True if there were points and nothing to complain of. */
export function hasPassed(count: SweepCount): boolean {
  const faults = [count.lostAcknowledged, count.duplicated, count.nonLinearizable, count.brokenConnections, count.divergences, count.stuck]
  return count.points > 0 && count.complaints.length === 0 && faults.every((fault) => fault === 0)
}
