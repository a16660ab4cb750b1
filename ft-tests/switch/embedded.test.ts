import test from 'ava'
import { connect } from 'node:net'
import { createEmbeddedSwitch } from '../../hypervisor/host/switch/embedded-switch.ts'
import { ECHO_PORT, EchoMachine, EchoReplica } from './echo-machine.ts'
import { LiveEcho, readAll, until } from './server-fixture.ts'

const options = { vm: 'vm', replica: 'r', ports: new Map([[ECHO_PORT, { host: '127.0.0.1', port: 0 }]]) }

test('--net direct: the same switch in the primary\'s own process', async (t) => {
  const embedded = await createEmbeddedSwitch(options)
  t.teardown(() => embedded.close())
  const echo = new LiveEcho(embedded.port, new EchoReplica(new EchoMachine(), 1, 0))
  const sent = Buffer.alloc(3_000_000, 'direct ')
  const socket = connect(embedded.publicAddresses.get(ECHO_PORT)!)
  socket.end(sent)
  t.true((await readAll(socket)).equals(sent))
  await until(() => embedded.clientCount === 0 && embedded.heldBytes === 0, 'nothing left')
  t.is(echo.closedBecause, null)
})

test('--net direct: messages never arrive inside send', async (t) => {
  const embedded = await createEmbeddedSwitch(options)
  t.teardown(() => embedded.close())
  let sending = false
  const answered = new Promise<void>((resolve) => {
    embedded.port.onMessages = () => {
      t.false(sending)
      resolve()
    }
  })
  sending = true
  embedded.port.send([{ type: 'attach', term: 1, inputsCaptured: 0, nextOutput: 1 }])
  sending = false
  await answered
})

test('--net direct: closing the port tells the switch, and no one else', async (t) => {
  const reports: string[] = []
  const embedded = await createEmbeddedSwitch({ ...options, onReport: (report) => reports.push(report.kind) })
  t.teardown(() => embedded.close())
  const echo = new LiveEcho(embedded.port, new EchoReplica(new EchoMachine(), 1, 0))
  await until(() => echo.replica.attached, 'attached')
  embedded.port.close()
  t.deepEqual(reports, ['attached', 'detached'])
  t.is(echo.closedBecause, null)
})
