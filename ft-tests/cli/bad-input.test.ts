/** Bad input: one clear line, exit code 2, and nothing left behind. */
import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { numberFrom, parseAddress, parsePages, parsePort, parseVm, wholeFrom } from '../../hypervisor/cli/option-values.ts'
import { assemble, probeImage } from '../paper/probe.ts'
import { Command, imageFile, prepare, startPair, temporaryFolder } from './command.ts'

test.before(prepare('echo'))

/** Runs the command, which must fail with one line that matches. */
async function refused(t: ExecutionContext, args: readonly string[], line: RegExp): Promise<void> {
  const command = new Command(t, args)
  const { code } = await command.ended
  const lines = command.stderr.split('\n').filter((text) => text !== '' && !/^\((try: |Did you mean)/.test(text))
  t.is(lines.length, 1, `one line, not:\n${command.stderr}`)
  t.regex(lines[0], line)
  t.is(code, 2)
  t.is(command.stdout, '')
  t.deepEqual(command.leftovers(), [])
}

const minimal = (inside: string, memory = '(memory (export "memory") 1)'): string => `(module
  ${inside}
  ${memory}
  (func (export "ft_start"))
  (func (export "ft_interrupt") (param i32)))`

test.serial('not a Wasm file', async (t) => {
  const path = imageFile(t, Buffer.from('#!/bin/sh\necho hello\n'), 'script.wasm')
  await refused(t, [path], /^ft-run: image .*\/script\.wasm: bad module at byte 0: found .*, expected .*/)
  await refused(t, [imageFile(t, Buffer.alloc(0), 'empty.wasm')], /^ft-run: image .*\.wasm: bad module at byte 0/)
})

test.serial('a module that is cut off', async (t) => {
  const whole = await probeImage()
  for (const part of [0.3, 0.7, 0.99]) {
    const image = imageFile(t, whole.subarray(0, Math.floor(whole.length * part)))
    await refused(t, [image], /^ft-run: image .*\.wasm: bad module at byte \d+.*: found .*, expected .*/)
  }
})

test.serial('an import that is not of the ABI', async (t) => {
  const wasi = await assemble(minimal('(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))'))
  await refused(t, [imageFile(t, wasi)], /^ft-run: image .*\.wasm: bad module .*"wasi_snapshot_preview1\.fd_write".*module "ft" only/)
  const typo = await assemble(minimal('(import "ft" "net_lisen" (func (param i32) (result i32)))'))
  await refused(t, [imageFile(t, typo)], /^ft-run: image .*\.wasm: bad module .*"ft\.net_lisen".*one of .*net_listen/)
  const arity = await assemble(minimal('(import "ft" "net_listen" (func (param i32 i32) (result i32)))'))
  await refused(t, [imageFile(t, arity)], /^ft-run: image .*\.wasm: bad module .*"ft\.net_listen" with signature/)
  const disk = await assemble(minimal('(import "ft" "disk_read" (func (param i32) (result i32)))'))
  await refused(t, [imageFile(t, disk)], /^ft-run: image .*\.wasm: bad module .*"ft\.disk_read".*later version/)
})

test.serial('an export that is missing or of another kind', async (t) => {
  const missing = await assemble('(module (memory (export "memory") 1) (func (export "ft_start")))')
  await refused(t, [imageFile(t, missing)], /^ft-run: image .*\.wasm: bad module .*no export "ft_interrupt"/)
  const memory = await assemble('(module (func (export "ft_start")) (func (export "ft_interrupt") (param i32)))')
  await refused(t, [imageFile(t, memory)], /^ft-run: image .*\.wasm: bad module .*no export "memory"/)
  const kind = await assemble(minimal('', '(memory 1) (global (export "memory") i32 (i32.const 0))'))
  await refused(t, [imageFile(t, kind)], /^ft-run: image .*\.wasm: bad module .*export "memory" of a global/)
})

test.serial('a memory whose minimum is above the cap', async (t) => {
  const image = imageFile(t, await assemble(minimal('', '(memory (export "memory") 32)')))
  await refused(t, ['--memory-max', '1MiB', '--port', '0:7', image], /^ft-run: image .*\/guest\.wasm: .*32.*16/)
})

test.serial('files and names that do not exist', async (t) => {
  await refused(t, ['./nowhere.wasm'], /^ft-run: image \.\/nowhere\.wasm: no such file$/)
  const folder = join(temporaryFolder(t), 'folder.wasm')
  mkdirSync(folder)
  await refused(t, [folder], /^ft-run: image .*folder\.wasm: it is a directory$/)
  await refused(t, ['kvv'], /^ft-run: no image "kvv": give a built-in name \(kv, .*\) or the path of a \.wasm file$/)
})

test.serial('options that are unknown or have values that can not be', async (t) => {
  await refused(t, [], /missing required argument 'image'/)
  await refused(t, ['--prot', '7000', 'echo'], /unknown option '--prot'/)
  await refused(t, ['--port'], /argument missing/)
  await refused(t, ['--port=70000', 'echo'], /option '--port <port\[:guestPort\]>'.*70000 is not a port \(0 to 65535\)/)
  await refused(t, ['--memory-max=5GiB', 'echo'], /'--memory-max <size>'.* "5GiB" is not a size from 64KiB to 4GiB/)
  await refused(t, ['--heartbeat=0', 'echo'], /'--heartbeat <ms>'.* "0" is not a number from 5 to 60000/)
  await refused(t, ['--net', 'carrier-pigeon', 'echo'], /'--net <mode>'.*Allowed choices are switch, direct/)
  await refused(t, ['--engine', 'steam', 'echo'], /'--engine <name>'.*Allowed choices are v8, interpreter/)
  await refused(t, ['--code-cache', '/does/not/exist', 'echo'], /"\/does\/not\/exist" is no directory/)
  await refused(t, ['--port', '0', '--port', '0', 'echo'], /guest port|--port 0 needs/)
  await refused(t, ['--port', '7000:7', '--port', '7001:7', 'echo'], /guest port 7 is published twice/)
  await refused(t, ['--port', '7000', '--port', '7000', 'echo'], /^ft-run: --port 7000 is given twice$/)
})

test('values of --port, --memory-max, addresses, names and numbers', (t) => {
  const ports = ['http', '65536', '-1', '7000:0', '7000:99999', '7000:', ':7', '1.5', '', '7000:7:7']
  for (const value of ports) t.throws(() => parsePort(value), undefined, value)
  t.deepEqual(parsePort('7000:6379'), { host: 7000, guest: 6379 })
  for (const value of ['lots', '0', '63KiB', '5GiB', '-1', '1TiB', '']) t.throws(() => parsePages(value), undefined, value)
  t.deepEqual(['64KiB', '65536', '100000', '1 MiB', '4gib'].map(parsePages), [1, 1, 1, 16, 65536])
  const addresses = ['nowhere', '7000', ':7000', 'a:b', '[::1]', '::1:7000', 'a:70000']
  for (const value of addresses) t.throws(() => parseAddress(value), undefined, value)
  t.deepEqual(parseAddress('[::1]:7000'), { host: '::1', port: 7000 })
  for (const value of ['', '../a', 'a b', '.a', 'a'.repeat(101)]) t.throws(() => parseVm(value), { message: /^machine name / }, value)
  const numbers = ['', ' ', 'soon', 'NaN', '-5', '11', 'Infinity']
  for (const value of numbers) t.throws(() => numberFrom(1, 10)(value), { message: / is not a number from 1 to 10/ }, value)
  const message = / is not a whole number from 1 to 10/
  for (const value of [...numbers, '1.5']) t.throws(() => wholeFrom(1, 10)(value), { message }, value)
  for (const value of ['-1', '1e300']) t.throws(() => wholeFrom(0)(value), { message: / is not a whole number from 0 on/ }, value)
  t.deepEqual(['0', '7', '1e5'].map(wholeFrom(0)), [0, 7, 100_000])
})

test.serial('the parts say what they need', async (t) => {
  await refused(t, ['primary', 'echo'], /required option '--vm <name>' not specified/)
  await refused(t, ['primary', '--vm', 'a', '--arbiter', temporaryFolder(t), 'echo'], /--switch HOST:PORT is missing/)
  await refused(t, ['backup', '--vm', 'a', '--arbiter', '.', 'echo'], /required option '--primary <host:port>' not specified/)
  await refused(t, ['backup', '--vm', 'a', '--arbiter', '.', '--primary', 'nowhere', 'echo'], /"nowhere" is not HOST:PORT/)
  await refused(t, ['switch', '--vm', 'a', '--link', '127.0.0.1:0'], /required option '--port/)
  await refused(t, ['primary', '--vm', 'a', '--arbiter', '/does/not/exist', '--net', 'direct', 'echo'], /does\/not\/exist/)
  await refused(t, ['primary', '--vm', '../a', '--arbiter', temporaryFolder(t), '--net', 'direct', '--port', '0', 'echo'], /machine name/)
})

test.serial('a second instance on a taken port says so', async (t) => {
  const { ready } = await startPair(t, ['echo'])
  await refused(t, ['--port', `${ready.port}`, 'echo'], new RegExp(`^ft-run: .*port ${ready.port} on 127\\.0\\.0\\.1 is in use`))
  await refused(t, ['--net', 'direct', '--port', `${ready.port}`, 'echo'], new RegExp(`port ${ready.port} on 127\\.0\\.0\\.1 is in use`))
})

test.serial('a port that another program has is taken just as much; an address that is not of this machine says so', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo
  await refused(t, ['--port', `${port}`, 'echo'], new RegExp(`port ${port} on 127\\.0\\.0\\.1 is in use`))
  await refused(t, ['--bind', '203.0.113.9', '--port', '0', 'echo'], /203\.0\.113\.9 is not an address of this machine/)
})
