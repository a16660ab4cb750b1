/**
 * A client on a host of its own: `steady-client.ts HOST PORT` sends numbers to an echo server over one connection, one
 * at a time, and checks every answer. Prints a JSON line after every 100 answers, and one at SIGINT; any fault ends it.
 */
import { connect } from 'node:net'

const [host, port] = process.argv.slice(2)
const socket = connect({ host, port: Number(port), noDelay: true }).setEncoding('latin1')
let next = 1
let awaited = ''
let received = ''

function ask(): void {
  awaited = `${next++}\n`
  received = ''
  socket.write(awaited)
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

function fault(reason: string): void {
  say({ event: 'fault', reason })
  process.exit(1)
}

socket.on('connect', ask)
socket.on('data', (text: string) => {
  received += text
  if (!awaited.startsWith(received)) return fault(`expected ${JSON.stringify(awaited)}, received ${JSON.stringify(received)}`)
  if (received.length < awaited.length) return
  if (next % 100 === 1) say({ event: 'steady', answers: next - 1 })
  ask()
})
socket.on('error', (error) => fault(error.message))
socket.on('close', () => fault('the connection was closed'))
process.on('SIGINT', () => {
  say({ event: 'done', answers: next - 2 })
  process.exit(0)
})
