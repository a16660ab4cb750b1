import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { TRAP } from '../../hypervisor/wasm/traps.ts'
import { TIERS } from '../fuzz/tiers.ts'
import { interpreterFixture } from './guest-fixture.ts'
import { guestFor, RECURSIONS } from './recursions.ts'

const child = fileURLToPath(new URL('./depth-child.ts', import.meta.url))

for (const [name, flags] of Object.entries(TIERS)) {
  test(`V8 (${name}): the guest reaches its limit before V8's own, at the tick of the interpreter`, async t => {
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, child])
    const ends = JSON.parse(stdout) as Record<string, unknown>
    for (const [way, recursion] of Object.entries(RECURSIONS)) {
      const { engine, call } = interpreterFixture(guestFor(recursion), { calls: { timer_next: () => 0 } })
      const stop = await call(0x7fffffff)
      t.deepEqual(stop, { kind: 'trap', message: TRAP.stack })
      t.deepEqual(ends[way], { stop, ticks: engine.ticks }, way)
    }
  })
}
