/** Connections that nobody should have made: each must be refused, and must change nothing. */
import { SWITCH_VERSION, type ToSwitch } from '../../hypervisor/switch/messages.ts'
import { encodeToSwitch } from '../../hypervisor/switch/codec.ts'
import { Lane } from './lane.ts'
import { PeerEnd } from './peer-end.ts'
import type { SimChannel } from './sim-channel.ts'
import { SwitchConnection } from './sim-switch.ts'
import type { Simulation } from './simulation.ts'

const patienceMs = 20
const delay = { minMs: 0.1, maxMs: 1, splitChance: 0.2, byteMs: 0 }

/** A second connection to the primary, with the hello of the backup that is connected already. */
export function duplicateChannel(sim: Simulation, { primary, backup }: SimChannel): boolean {
  const ofPrimary = primary.peerEnd()
  const stray: PeerEnd = new PeerEnd({ onMessage: () => {}, onPart: () => {}, onClosed: () => {} })
  stray.out = new Lane(sim.scheduler, sim.rng.fork(), delay, (arrival) => primary.onChannel(arrival, ofPrimary))
  ofPrimary.out = new Lane(sim.scheduler, sim.rng.fork(), delay, (arrival) => stray.read(arrival))
  primary.connected(ofPrimary)
  stray.send(backup.core.hello)
  return true
}

/** A second connection to the switch that claims to be a replica of an older term, or a live one that nobody elected. */
export function duplicateSwitchLink(sim: Simulation): boolean {
  const { term } = sim.arbiter.current(sim.vm)
  if (sim.switch.core.attachedTerm !== term) return false
  const other = sim.replicas.find((replica) => replica.name !== sim.live.name)!
  const connection = new SwitchConnection(other)
  connection.out = new Lane(sim.scheduler, sim.rng.fork(), delay, () => {})
  const { processed } = sim.switch.core.outbound
  const { inputsInjected } = sim.live.machine
  const claimed = sim.rng.integer(Math.max(1, term - 1), term)
  const messages: ToSwitch[] = [
    { type: 'hello', version: SWITCH_VERSION, vm: sim.vm, replica: other.name },
    { type: 'attach', term: claimed, inputsCaptured: inputsInjected, nextOutput: processed + 1 },
    { type: 'outputs', term, first: processed + 1, outputs: [{ kind: 'console', bytes: new Uint8Array(1) }] }
  ]
  const lane = new Lane(sim.scheduler, sim.rng.fork(), delay, (arrival) => sim.switch.onReplica(arrival, connection))
  lane.send(encodeToSwitch(messages))
  sim.scheduler.after(patienceMs, () => {
    if (!connection.isClosed) sim.fail('StaleTerms', `the switch let ${other.name} in without a term of its own`)
    sim.reached('stale replica refused')
  })
  return true
}
