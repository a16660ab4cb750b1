/** fast-check arbitraries for everything that travels on a switch link. */
import fc from '../properties.ts'
import { Kind } from '../../logging-channel/entries.ts'
import type { SwitchInput } from '../../logging-channel/entries.ts'
import type { FromSwitch, Output, ToSwitch } from '../../hypervisor/switch/messages.ts'

const u32 = fc.nat({ max: 0xffff_ffff })
const number = fc.maxSafeNat()
const port = fc.nat({ max: 65535 })
const conn = u32
const bytes = fc.uint8Array({ maxLength: 300 })
const text = fc.string({ unit: 'grapheme', maxLength: 40 })

export const input: fc.Arbitrary<SwitchInput> = fc.oneof(
  fc.record({ kind: fc.constant(Kind.netOpen), conn, port, peer: text }),
  fc.record({ kind: fc.constant(Kind.netData), conn, bytes }),
  fc.record({ kind: fc.constantFrom(Kind.netEnd, Kind.netReset, Kind.netConnected), conn }),
  fc.record({ kind: fc.constant(Kind.netWindow), conn, bytes: u32 }),
  fc.record({ kind: fc.constant(Kind.console), bytes })
)

const output: fc.Arbitrary<Output> = fc.oneof(
  fc.record({ kind: fc.constant('listen' as const), port }),
  fc.record({ kind: fc.constant('connect' as const), conn, host: text, port }),
  fc.record({ kind: fc.constant('data' as const), conn, bytes }),
  fc.record({ kind: fc.constantFrom('end' as const, 'reset' as const), conn }),
  fc.record({ kind: fc.constant('credit' as const), conn, bytes: u32 }),
  fc.record({ kind: fc.constant('console' as const), bytes }),
  fc.record({ kind: fc.constant('powerOff' as const), code: fc.integer() })
)

const holds = fc.record({ ports: fc.array(port), conns: fc.array(u32), evenMax: u32, oddMax: u32 })

export const toSwitch: fc.Arbitrary<ToSwitch> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), version: u32, vm: text, replica: text }),
  fc.record(
    { type: fc.constant('attach' as const), term: number, inputsCaptured: number, nextOutput: number, holds },
    { requiredKeys: ['type', 'term', 'inputsCaptured', 'nextOutput'] }
  ),
  fc.record({ type: fc.constant('outputs' as const), term: number, first: number, outputs: fc.array(output) }),
  fc.record({ type: fc.constant('inputAck' as const), term: number, through: number }),
  fc.record({ type: fc.constant('farewell' as const), term: number, reason: text })
)

export const fromSwitch: fc.Arbitrary<FromSwitch> = fc.oneof(
  fc.record({
    type: fc.constant('attached' as const),
    term: number,
    fresh: fc.boolean(),
    outputsDelivered: number,
    duplicateBytesDropped: number
  }),
  fc.record({ type: fc.constant('refused' as const), term: number, reason: text }),
  fc.record({ type: fc.constant('inputs' as const), first: number, inputs: fc.array(input) }),
  fc.record({ type: fc.constant('outputAck' as const), through: number })
)
