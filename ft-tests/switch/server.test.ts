import test from 'ava'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Kind } from '../../logging-channel/entries.ts'
import type { SwitchReport } from '../../hypervisor/switch/commands.ts'
import { connectSwitch } from '../../hypervisor/host/switch/switch-client.ts'
import { createSwitchServer } from '../../hypervisor/host/switch/switch-server.ts'
import { ECHO_PORT, EchoMachine, EchoReplica } from './echo-machine.ts'
import { client, linkTo, LiveEcho, read, readAll, startEcho, startSwitch, until } from './server-fixture.ts'

const MIB = 1024 * 1024

test('a client that came before the machine is served, half-closed both ways', async (t) => {
  const server = await startSwitch(t)
  const early = await client(t, server)
  early.end('hello, ')
  const echo = await startEcho(server)
  t.is((await readAll(early)).toString(), 'hello, ')
  t.deepEqual(echo.replica.machine.captured.map((i) => i.kind), [Kind.netOpen, Kind.netData, Kind.netEnd])
  await until(() => server.clientCount === 0, 'the client forgotten')
  await until(() => server.heldBytes === 0, 'the bytes forgotten')
})

test('the peer\'s address is the client\'s', async (t) => {
  const server = await startSwitch(t)
  const echo = await startEcho(server)
  const socket = await client(t, server)
  await until(() => echo.replica.machine.captured.length > 0, 'the open')
  t.like(echo.replica.machine.captured[0], { port: ECHO_PORT, peer: `127.0.0.1:${socket.localPort}` })
})

test('resets go both ways', async (t) => {
  const server = await startSwitch(t)
  const echo = await startEcho(server)
  const first = await client(t, server)
  first.write('x')
  await read(first, 1)
  first.resetAndDestroy()
  await until(() => echo.replica.machine.captured.some((i) => i.kind === Kind.netReset), 'the reset as an input')
  const second = await client(t, server)
  second.write('x')
  await read(second, 1)
  echo.replica.machine.outputs.push({ kind: 'reset', conn: 4 })
  const failed = once(second, 'close')
  second.removeAllListeners('error')
  const error = once(second, 'error')
  echo.answer()
  t.is(((await error)[0] as NodeJS.ErrnoException).code, 'ECONNRESET')
  await failed
})

test('P2.2-6 P2.2-7 a failover in the middle of a stream: no byte lost, none twice, no connection broken', async (t) => {
  const reports: SwitchReport[] = []
  const server = await startSwitch(t, reports)
  const first = await startEcho(server)
  const socket = await client(t, server)
  socket.write('before ')
  await read(socket, 7)
  first.answering = false
  socket.write('captured and not answered, ')
  await until(() => first.replica.machine.captured.length === 3, 'the capture')
  first.port.close()
  await until(() => reports.some((r) => r.kind === 'detached'), 'the loss noticed')
  socket.end('sent to nobody')
  // The backup knows the open and the first data only, and does not know what was delivered.
  await startEcho(server, 2, first.replica.machine.copy(2))
  t.is((await readAll(socket)).toString(), 'captured and not answered, sent to nobody')
  t.like(reports.find((r) => r.kind === 'attached' && r.term === 2), { inputsResent: 1, fresh: false })
  t.like(reports.find((r) => r.kind === 'duplicatesDropped'), { outputs: 3, bytes: 7 })
})

test('P2.3 a stale term is refused; a newer one throws the old one out', async (t) => {
  const server = await startSwitch(t)
  const first = await startEcho(server)
  await until(() => first.replica.attached, 'attached')
  const second = await startEcho(server, 2)
  await until(() => first.closedBecause !== null, 'the old one closed')
  t.regex(first.replica.refused!, /replica-2 attached under term 2/)
  const third = await startEcho(server, 1)
  await until(() => third.closedBecause !== null, 'the stale one closed')
  t.regex(third.replica.refused!, /term 1 is over/)
  t.is(second.closedBecause, null)
  second.port.close()
})

test('another machine\'s replica is refused by name', async (t) => {
  const server = await startSwitch(t)
  const port = await linkTo(server, 'lost', 'other')
  let reason = ''
  port.onMessages = ([message]) => (reason = message.type === 'refused' ? message.reason : '')
  await until(() => reason !== '', 'the refusal')
  t.is(reason, 'it runs the machine "other", this switch serves "vm"; check its switch address')
})

test('garbage on the link closes that link and nothing else', async (t) => {
  const server = await startSwitch(t)
  const echo = await startEcho(server)
  const stranger = connect(server.linkAddress)
  stranger.on('error', () => {})
  stranger.write('GET / HTTP/1.1\r\n\r\n')
  await once(stranger, 'close')
  const socket = await client(t, server)
  socket.end('still here')
  t.is((await readAll(socket)).toString(), 'still here')
  echo.port.close()
})

test('20 MB in, and out to a slow reader: memory stays bounded, every byte arrives', async (t) => {
  const server = await startSwitch(t)
  await startEcho(server)
  const socket = await client(t, server)
  const sent = Buffer.alloc(20 * MIB, Uint8Array.from({ length: 251 }, (_, i) => i))
  socket.end(sent)
  let heldMax = 0
  const watch = setInterval(() => (heldMax = Math.max(heldMax, server.heldBytes)), 1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  // Nothing was read yet: the writer must have been stopped by its own window.
  t.true(socket.writableLength > 0, 'the writer was not held back')
  const got = await readAll(socket)
  clearInterval(watch)
  t.true(got.equals(sent))
  t.true(heldMax < 2 * MIB, `${heldMax} bytes held`)
})

test('a machine that does not read holds its client back', async (t) => {
  const server = await startSwitch(t)
  const echo = await startEcho(server)
  await until(() => echo.replica.attached, 'attached')
  echo.answering = false
  const socket = await client(t, server)
  socket.write(Buffer.alloc(20 * MIB))
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.true(socket.writableLength > 0)
  t.true(server.heldBytes < MIB, `${server.heldBytes} bytes held`)
  const got = echo.replica.machine.captured.reduce((n, i) => n + (i.kind === Kind.netData ? i.bytes.length : 0), 0)
  t.is(got, 256 * 1024)
})

test('the guest connects out: data, failure', async (t) => {
  const outside = createServer((socket) => socket.end('from outside'))
  outside.listen(0, '127.0.0.1')
  await once(outside, 'listening')
  t.teardown(() => outside.close())
  const server = await startSwitch(t)
  const machine = new EchoMachine()
  machine.outputs.push({ kind: 'connect', conn: 1, host: '127.0.0.1', port: (outside.address() as AddressInfo).port })
  machine.outputs.push({ kind: 'connect', conn: 3, host: '127.0.0.1', port: 1 })
  const echo = await startEcho(server, 1, machine)
  const kinds = (conn: number): number[] => machine.captured.filter((i) => 'conn' in i && i.conn === conn).map((i) => i.kind)
  await until(() => kinds(1).length === 3 && kinds(3).length === 1, 'both outcomes')
  t.deepEqual(kinds(1), [Kind.netConnected, Kind.netData, Kind.netEnd])
  t.deepEqual(kinds(3), [Kind.netReset])
  echo.port.close()
})

test('a switch started anew takes over a machine with a history', async (t) => {
  const old = await startSwitch(t)
  const echo = await startEcho(old)
  const broken = await client(t, old)
  broken.write('x')
  await read(broken, 1)
  await old.close()
  await until(() => echo.closedBecause !== null, 'the old switch gone')
  const server = await startSwitch(t)
  const { machine } = echo.replica
  const port = await linkTo(server, 'replica-1')
  const replica = new EchoReplica(machine, 2, machine.outputs.length)
  replica.attach = () => ({
    type: 'attach',
    term: 2,
    inputsCaptured: machine.captured.length,
    nextOutput: machine.outputs.length + 1,
    holds: { ports: [ECHO_PORT], conns: [2], evenMax: 2, oddMax: 0 }
  })
  new LiveEcho(port, replica)
  const socket = await client(t, server)
  socket.end('new')
  t.is((await readAll(socket)).toString(), 'new')
  t.like(machine.captured.slice(2), [{ kind: Kind.netReset, conn: 2 }, { kind: Kind.netOpen, conn: 4 }])
})

test('a taken port is reported at once, in one line with the port', async (t) => {
  const taken = createServer()
  taken.listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const address = { host: '127.0.0.1', port }
  const free = { host: '127.0.0.1', port: 0 }
  await t.throwsAsync(createSwitchServer({ vm: 'vm', link: free, ports: new Map([[6379, address]]) }), {
    message: `port for clients: port ${port} on 127.0.0.1 is in use; stop what listens there or choose another port`
  })
  await t.throwsAsync(createSwitchServer({ vm: 'vm', link: address, ports: new Map([[6379, free]]) }), {
    message: `switch link: port ${port} on 127.0.0.1 is in use; stop what listens there or choose another port`
  })
})

test('a replica retries until the switch is there, and says so if it never is', async (t) => {
  const spare = createServer()
  spare.listen(0, '127.0.0.1')
  await once(spare, 'listening')
  const { port } = spare.address() as AddressInfo
  spare.close()
  await once(spare, 'close')
  const link = { host: '127.0.0.1', port }
  const trying = connectSwitch(link, { vm: 'vm', replica: 'r', retryMs: 0 })
  const advice = `start it there ("ft-run switch --vm vm --link 127.0.0.1:${port} ..."), or correct --switch`
  await t.throwsAsync(trying, { message: `can't reach the switch at 127.0.0.1:${port}: nothing listens there; ${advice}` })
  const connecting = connectSwitch(link, { vm: 'vm', replica: 'r', retryMs: 5000 })
  await new Promise((resolve) => setTimeout(resolve, 80))
  const server = await createSwitchServer({ vm: 'vm', link, ports: new Map() })
  t.teardown(() => server.close())
  const replica = await connecting
  replica.close()
  t.pass()
})

test('the guest\'s console reaches its handler', async (t) => {
  const seen: unknown[] = []
  const server = await createSwitchServer({
    vm: 'vm',
    link: { host: '127.0.0.1', port: 0 },
    ports: new Map(),
    onConsole: (bytes) => seen.push(Buffer.from(bytes).toString()),
    onListen: (port) => seen.push(`listen ${port}`)
  })
  t.teardown(() => server.close())
  const machine = new EchoMachine()
  machine.outputs.push({ kind: 'console', bytes: Buffer.from('hi') })
  const echo = await startEcho(server, 1, machine)
  server.consoleInput(Buffer.from('typed'))
  await until(() => seen.length === 2 && machine.captured.length === 1, 'all of it')
  t.deepEqual(seen, [`listen ${ECHO_PORT}`, 'hi'])
  t.deepEqual(Buffer.from((machine.captured[0] as { bytes: Uint8Array }).bytes).toString(), 'typed')
  echo.port.close()
})
