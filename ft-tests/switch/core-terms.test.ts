import test from 'ava'
import { Kind } from '../../logging-channel/entries.ts'
import { SWITCH_VERSION, type Output, type ToSwitch } from '../../hypervisor/switch/messages.ts'
import { CoreFixture } from './core-fixture.ts'

const data = (text: string): Output => ({ kind: 'data', conn: 2, bytes: new TextEncoder().encode(text) })

test('P2.3 a stale term is refused and its link closed', (t) => {
  const f = CoreFixture.live()
  f.attach({ term: 5 })
  f.take()
  f.attach({ term: 4 })
  t.like(f.messages()[0], { type: 'refused', term: 5 })
  t.true(f.commands.some((c) => c.kind === 'closeLink' && c.link === f.link))
  t.is(f.core.attachedTerm, 5)
})

test('P2.3 a second replica under the same term is refused, the one that holds it may come back', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.data(client, 'a')
  f.turn()
  f.replica = 'impostor'
  f.attach({ inputsCaptured: 2 })
  t.like(f.messages(), [{ type: 'refused', term: 1 }])
  f.replica = 'r1'
  f.take()
  f.attach({ inputsCaptured: 1 })
  t.like(f.messages(), [{ type: 'attached', term: 1 }, { type: 'inputs', first: 2, inputs: { length: 1 } }])
})

test('P2.3 a newer term replaces the old link at once; the old one can say nothing more', (t) => {
  const f = CoreFixture.live()
  f.open()
  const old = f.link
  f.take()
  f.attach({ term: 2, inputsCaptured: 1, nextOutput: 2 })
  t.true(f.commands.some((c) => c.kind === 'closeLink' && c.link === old))
  t.like(f.messages(), [{ type: 'attached', term: 2, fresh: false, outputsDelivered: 1 }])
  f.take()
  f.step({ kind: 'linkMessages', link: old, messages: [{ type: 'outputs', term: 1, first: 2, outputs: [data('late')] }] })
  f.turn()
  t.deepEqual(f.take(), [])
})

test('P2.2-6 outputs sent again are dropped by number, and their bytes counted', (t) => {
  const f = CoreFixture.live()
  f.open()
  f.outputs(data('one'), data('two'))
  f.take()
  f.nextOutput = 2
  f.attach({ term: 2, inputsCaptured: 1, nextOutput: 2 })
  f.take()
  f.outputs(data('one'), data('two'), data('three'))
  const writes = f.commands.flatMap((c) => (c.kind === 'write' ? c.chunks : []))
  t.deepEqual(writes, [new TextEncoder().encode('three')])
  t.deepEqual(f.reports(), [{ kind: 'duplicatesDropped', term: 2, outputs: 2, bytes: 6 }])
  t.deepEqual(f.messages(), [{ type: 'outputAck', through: 4 }])
})

test('P2.2-7 a new machine gets every input that it has not captured, again and unchanged', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.data(client, 'a')
  f.turn()
  f.data(client, 'b')
  f.turn()
  const before = f.inputs()
  f.take()
  f.send({ type: 'inputAck', term: 1, through: 1 })
  f.step({ kind: 'linkClosed', link: f.link, reason: 'killed' })
  f.data(client, 'c')
  f.data(client, 'd')
  f.turn()
  f.take()
  f.attach({ term: 2, inputsCaptured: 1, nextOutput: 2 })
  t.deepEqual(f.inputs(), [...before.slice(-2), { kind: Kind.netData, conn: 2, bytes: new TextEncoder().encode('cd') }])
  t.like(f.reports(), [{ kind: 'attached', term: 2, inputsResent: 2 }])
})

test('a machine that lacks forgotten inputs, or outputs in between, is refused loudly', (t) => {
  const f = CoreFixture.live()
  f.open()
  f.send({ type: 'inputAck', term: 1, through: 1 })
  f.take()
  f.attach({ term: 2, inputsCaptured: 0, nextOutput: 2 })
  const reason = 'it has inputs up to 0, but those up to 1 were acknowledged and are forgotten'
  t.like(f.messages(), [{ type: 'refused', reason }])
  f.take()
  f.attach({ term: 3, inputsCaptured: 9, nextOutput: 2 })
  t.like(f.messages(), [{ type: 'refused', reason: 'it has inputs up to 9, but this switch gave out only 1' }])
  f.take()
  f.attach({ term: 4, inputsCaptured: 1, nextOutput: 7 })
  t.like(f.messages(), [{ type: 'refused', reason: 'its outputs go on at 7, but this switch has only those up to 1' }])
})

test('a fresh switch takes over the machine\'s numbers, resets its connections and opens its ports', (t) => {
  const f = new CoreFixture()
  const early = f.open()
  f.nextOutput = 41
  const holds = { ports: [80], conns: [6, 8, 3], evenMax: 10, oddMax: 5 }
  f.attach({ term: 3, inputsCaptured: 20, nextOutput: 41, holds })
  t.like(f.messages(), [{ type: 'attached', fresh: true, outputsDelivered: 40 }, { type: 'inputs', first: 21 }])
  t.deepEqual(f.inputs(), [
    { kind: Kind.netReset, conn: 6 },
    { kind: Kind.netReset, conn: 8 },
    { kind: Kind.netReset, conn: 3 },
    { kind: Kind.netOpen, conn: 12, port: 80, peer: '10.0.0.1:5000' }
  ])
  t.is(early.conn, 12)
  f.take()
  // What the machine had in mind for its old connections means nothing any more.
  f.outputs({ kind: 'end', conn: 8 }, { kind: 'connect', conn: 5, host: 'x', port: 1 }, { kind: 'end', conn: 5 })
  t.deepEqual(f.take(), [{ kind: 'send', link: f.link, messages: [{ type: 'outputAck', through: 43 }] }])
})

test('a fresh switch refuses a machine that does not say what it holds', (t) => {
  const f = new CoreFixture()
  f.attach({ inputsCaptured: 5, nextOutput: 3 })
  t.like(f.messages(), [{ type: 'refused' }])
})

test('the same link under a newer term goes on: nothing is sent twice', (t) => {
  const f = CoreFixture.live()
  const client = f.open()
  f.data(client, 'a')
  f.turn()
  f.take()
  f.send({ type: 'attach', term: 2, inputsCaptured: 1, nextOutput: 2 })
  f.term = 2
  f.data(client, 'b')
  f.turn()
  t.like(f.messages(), [{ type: 'attached', term: 2 }, { type: 'inputs', first: 3, inputs: { length: 1 } }])
})

const outputs = (term: number, first: number): ToSwitch => ({ type: 'outputs', term, first, outputs: [] })
const big: Output = { kind: 'data', conn: 2, bytes: new Uint8Array(262145) }
const BAD: [string, RegExp, (f: CoreFixture) => void][] = [
  ['a gap in outputs', /outputs from 9 on, but only those up to 1/, (f) => f.send(outputs(1, 9))],
  ['outputs of another term', /term 2 on a link of term 1/, (f) => f.send(outputs(2, 2))],
  ['a farewell of another term', /farewell of term 2/, (f) => f.send({ type: 'farewell', term: 2, reason: 'x' })],
  ['an ack of what was never sent', /ack of input 5/, (f) => f.send({ type: 'inputAck', term: 1, through: 5 })],
  ['a second hello', /second hello/, (f) => f.send({ type: 'hello', version: SWITCH_VERSION, vm: 'vm', replica: 'x' })],
  ['a connection that never was', /never was/, (f) => f.outputs({ kind: 'end', conn: 44 })],
  ['credit for more than was given', /took 9 bytes/, (f) => (f.open(), f.outputs({ kind: 'credit', conn: 2, bytes: 9 }))],
  ['data after end', /after the guest had ended/, (f) => (f.open(), f.outputs({ kind: 'end', conn: 2 }, data('x')))],
  ['more than the send space', /send space/, (f) => (f.open(), f.outputs(big))]
]
for (const [name, reason, act] of BAD) {
  test(`fatal for its link, and reported: ${name}`, (t) => {
    const f = CoreFixture.live()
    act(f)
    t.regex(JSON.stringify(f.reports()), reason)
    t.true(f.commands.some((c) => c.kind === 'closeLink'))
    t.is(f.core.attachedTerm, 0)
  })
}

test('a machine that has ended: its last bytes are written, then its clients\' owner is told', (t) => {
  const f = CoreFixture.live()
  f.open()
  f.take()
  f.send({ type: 'outputs', term: 1, first: 2, outputs: [data('bye')] }, { type: 'farewell', term: 1, reason: 'it is over' })
  t.deepEqual(f.kinds(), ['write', 'farewell'])
})

test('hello of another version or machine is refused by name', (t) => {
  for (const [hello, reason] of [
    [{ version: 9, vm: 'vm' }, /version 9, this switch 2/],
    [{ version: SWITCH_VERSION, vm: 'other' }, /machine "other", this switch serves "vm"/]
  ] as const) {
    const f = new CoreFixture()
    f.send({ type: 'hello', replica: 'r', ...hello })
    t.regex(JSON.stringify(f.messages()), new RegExp(reason.source.replaceAll('"', '\\\\"')))
    t.true(f.link.closed)
  }
})
