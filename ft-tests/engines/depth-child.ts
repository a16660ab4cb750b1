/** Child process of `depth-tiers.test.ts`: recurses in every way until the guest's stack is exhausted, and says after how many ticks. */
import type { Stop } from '../../hypervisor/machine/engine.ts'
import { createV8Engine } from '../../hypervisor/v8/engine.ts'
import { assembleGuest } from '../wasm/assemble.ts'
import { guestFor, RECURSIONS } from './recursions.ts'

const ends: Record<string, unknown> = {}
for (const [way, recursion] of Object.entries(RECURSIONS)) {
  const halted = Promise.withResolvers<string>()
  const onHalt = (error: unknown): void => { halted.resolve(String(error)) }
  const engine = createV8Engine(assembleGuest(guestFor(recursion)), { timer_next: () => 0 }, { memoryPagesMax: 256 }, onHalt)
  engine.enter('ft_interrupt', 0x7fffffff)
  const stopped = new Promise<Stop>(resolve => { engine.run(2 ** 52, resolve) })
  ends[way] = { stop: await Promise.race([stopped, halted.promise]), ticks: engine.ticks }
}
console.log(JSON.stringify(ends))
