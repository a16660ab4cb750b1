import test from 'ava'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { SnapshotDecoder } from '../../hypervisor/machine/snapshot-decoder.ts'
import { SnapshotEncoder } from '../../hypervisor/machine/snapshot-encoder.ts'
import type { MachineSnapshot } from '../../hypervisor/machine/snapshot-format.ts'
import { engineMakers, engineNames } from './engine-makers.ts'
import { guestTapes, randomFrom, type GuestTape } from './guest-tapes.ts'
import { type Sight, TapeMachine } from './tape-machine.ts'

const image = 'ab'.repeat(32)

/** Through its bytes and back. */
function carried(snapshot: MachineSnapshot, memoryPagesMax: number): MachineSnapshot {
  const encoder = new SnapshotEncoder(snapshot, image, crc32)
  const decoder = new SnapshotDecoder({ image, memoryPagesMax }, crc32)
  for (let chunk = encoder.next(); chunk !== undefined; chunk = encoder.next()) decoder.push(chunk)
  return decoder.result()
}

/** Equal for equal snapshots; AVA's own comparison takes seconds for a megabyte. */
function fingerprint({ engine, devices }: MachineSnapshot): object {
  const { ticks, globals, tables, droppedData, droppedElements, memory, frames } = engine
  const sha1 = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex')
  return {
    ticks, globals, tables, droppedData, droppedElements, frames, devices: sha1(devices), memory: [memory.length, sha1(memory)]
  }
}

async function wholeRun({ guest, steps }: GuestTape, engine: string): Promise<{ tape: TapeMachine; sights: Sight[] }> {
  const tape = new TapeMachine(guest, engineMakers[engine]!)
  const sights = [await tape.boot()]
  for (const step of steps) sights.push(await tape.step(step))
  return { tape, sights }
}

for (const name of Object.keys(guestTapes)) {
  for (const from of engineNames) {
    for (const to of engineNames) {
      test(`${name}: a snapshot taken on ${from} goes on on ${to} as if nothing had happened`, async (t) => {
        const script = guestTapes[name]!(11)
        const whole = await wholeRun(script, from)
        const random = randomFrom(5)
        let hop = new TapeMachine(script.guest, engineMakers[from]!)
        t.deepEqual(await hop.boot(), whole.sights[0])
        for (const [i, step] of script.steps.entries()) {
          if (random(8) === 0) {
            const snapshot = carried(hop.machine.snapshot(), script.guest.memoryPagesMax)
            hop = new TapeMachine(script.guest, engineMakers[random(2) === 0 ? from : to]!, hop.outside.fork())
            hop.machine.restore(snapshot)
            t.deepEqual(fingerprint(hop.machine.snapshot()), fingerprint(snapshot))
          }
          t.deepEqual(await hop.step(step), whole.sights[i + 1], `step ${i}`)
        }
        t.deepEqual(fingerprint(hop.machine.snapshot()), fingerprint(whole.tape.machine.snapshot()))
      })
    }
  }
}
