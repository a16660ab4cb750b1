import test from 'ava'
import { SwitchCore } from '../../hypervisor/switch/switch-core.ts'
import { runModel } from './switch-model.ts'

const SEEDS = 150
const STEPS = 400

/** The first seed under which `mutate` is noticed, or null. */
function caughtBy(mutate: (core: SwitchCore) => void): number | null {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const core = new SwitchCore('model')
    mutate(core)
    try {
      runModel(core, seed, STEPS)
    } catch {
      return seed
    }
  }
  return null
}

test('P2.2-6 P2.2-7 random failovers: every client stream stays exact', (t) => {
  const total = { failovers: 0, bytes: 0, duplicateBytes: 0, closed: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const core = new SwitchCore('model')
    const statistics = runModel(core, seed, STEPS)
    total.failovers += statistics.failovers
    total.bytes += statistics.bytes
    total.duplicateBytes += statistics.duplicateBytes
    total.closed += statistics.closed
    t.is(core.clientCount, 0, `seed ${seed}: clients are left`)
  }
  t.log(total)
  // The world must have been rough enough to mean something.
  t.true(total.failovers > SEEDS)
  t.true(total.duplicateBytes > 100_000)
  t.true(total.bytes > 1_000_000)
})

test('the model notices a switch that repeats outputs', (t) => {
  t.not(caughtBy((core) => (core.outbound.duplicatesOf = () => 0)), null)
})

test('the model notices a switch that drops one output too many', (t) => {
  const mutate = (core: SwitchCore): void => {
    const { outbound } = core
    const exact = outbound.duplicatesOf.bind(outbound)
    outbound.duplicatesOf = (first, count) => {
      const duplicates = exact(first, count)
      return duplicates > 0 ? Math.min(duplicates + 1, count) : 0
    }
  }
  t.not(caughtBy(mutate), null)
})

test('the model notices a switch that does not send inputs again', (t) => {
  const mutate = (core: SwitchCore): void => {
    const { held } = core.inbound
    const exact = held.after.bind(held)
    held.after = (number) => (exact(number).length > 3 ? exact(number).slice(1) : exact(number))
  }
  t.not(caughtBy(mutate), null)
})

test('the model notices a switch that loses what came while nobody was live', (t) => {
  const mutate = (core: SwitchCore): void => {
    const exact = core.inbound.onData.bind(core.inbound)
    core.inbound.onData = (client, bytes) => {
      if (core.attachedTerm > 0) exact(client, bytes)
    }
  }
  t.not(caughtBy(mutate), null)
})
