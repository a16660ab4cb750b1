/** How many ticks make a quantum of wall time. */
import test from 'ava'
import { QuantumController } from '../../hypervisor/host/quantum.ts'

/** A slice from tick 0. */
function learn(quantum: QuantumController, ticks: number, tookMs: number): number {
  quantum.runStarts(0, 1000)
  quantum.runStopped(ticks, 1000 + tookMs)
  return quantum.ticks
}

test('a slice that used up its ticks says how fast this host is: down at once, up by doubling', (t) => {
  const quantum = new QuantumController(2)
  const { ticks } = quantum
  t.is(learn(quantum, ticks, 20), ticks / 10)
  t.is(learn(quantum, ticks / 10, 0.2), ticks / 5)
})

test('a short slice, such as the rest of a run of the log, says nothing, unless it took too long', (t) => {
  const quantum = new QuantumController(2)
  const { ticks } = quantum
  t.is(learn(quantum, 10, 0.05), ticks, 'what it took is mostly the way there and back')
  t.is(learn(quantum, ticks / 10, 4), ticks / 20)
})
