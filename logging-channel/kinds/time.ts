/** Entries of virtual and real time: clock reads, timers, interrupts, progress. */
import { Parser } from 'binary-parser'
import { Clock, Kind, Reached } from '../entries.ts'
import type { ClockEntry, InterruptEntry, ProgressEntry, TimerEntry } from '../entries.ts'
import { oneOf, u64 } from '../fields.ts'
import type { EntryCodec } from './codec.ts'

export const clock: EntryCodec<ClockEntry> = {
  kind: Kind.clock,
  name: 'clock',
  need: 'required',
  bytes: () => 9,
  encode(entry, out) {
    out.u8(entry.clock, 'clock.clock')
    out.u64(entry.us, 'clock.us')
  },
  parser: u64(oneOf(new Parser(), 'clock', Clock), 'us')
}

export const timer: EntryCodec<TimerEntry> = {
  kind: Kind.timer,
  name: 'timer',
  need: 'required',
  bytes: () => 1,
  encode(entry, out) {
    out.u8(entry.timer, 'timer.timer')
  },
  parser: new Parser().uint8('timer')
}

export const interrupt: EntryCodec<InterruptEntry> = {
  kind: Kind.interrupt,
  name: 'interrupt',
  need: 'required',
  bytes: () => 12,
  encode(entry, out) {
    out.u32(entry.causes, 'interrupt.causes')
    out.u64(entry.tick, 'interrupt.tick')
  },
  parser: u64(new Parser().uint32le('causes'), 'tick')
}

export const progress: EntryCodec<ProgressEntry> = {
  kind: Kind.progress,
  name: 'progress',
  need: 'required',
  bytes: () => 9,
  encode(entry, out) {
    out.u64(entry.tick, 'progress.tick')
    out.u8(entry.reached, 'progress.reached')
  },
  parser: oneOf(u64(new Parser(), 'tick'), 'reached', Reached)
}
