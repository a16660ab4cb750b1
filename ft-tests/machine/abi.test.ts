/** One ABI, said four times: in the validator's table, the machine's host calls, the guest library and the page. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { Cause } from '../../hypervisor/devices/device.ts'
import { AbiError } from '../../hypervisor/devices/guest-memory.ts'
import { NetEvent } from '../../hypervisor/devices/net-events.ts'
import { GUEST_EXPORTS, GUEST_IMPORTS } from '../../hypervisor/wasm/guest-abi.ts'
import { F64, I32 } from '../../hypervisor/wasm/types.ts'
import { FakePair } from '../paper/fake-pair.ts'
import { assemble } from '../paper/probe.ts'
import { Board } from './board.ts'

const guestImages = new URL('../../guest-images/', import.meta.url)
const page = readFileSync(new URL('ABI.md', guestImages), 'utf8')
const library = readFileSync(new URL('lib/ft.ts', guestImages), 'utf8')
const names = Object.keys(GUEST_IMPORTS).sort()
const typeNames = new Map([[I32, 'i32'], [F64, 'f64']])

test('every import has a host call with the same number of parameters, and every host call an import', (t) => {
  const { calls } = new Board()
  t.deepEqual(Object.keys(calls).sort(), names)
  for (const name of names) t.is(calls[name].length, GUEST_IMPORTS[name].params.length, name)
})

test('ABI.md documents every import with its signature, and no other', (t) => {
  const documented = new Map([...page.matchAll(/^\| `(\w+)` \| `\(([^)]*)\) -> (\w+)` \|/gm)].map(([, name, params, result]) => {
    const types = params.split(',').filter((part) => part.trim() !== '').map((part) => part.split(':')[1]?.trim() ?? 'i32')
    return [name, `(${types.join(', ')}) -> ${result}`]
  }))
  for (const exported of Object.keys(GUEST_EXPORTS)) t.true(page.includes(`| \`${exported}\` |`), exported)
  t.deepEqual([...documented.keys()].sort(), names)
  for (const name of names) {
    const { params, results } = GUEST_IMPORTS[name]
    const result = results.length === 0 ? 'never' : typeNames.get(results[0])
    t.is(documented.get(name), `(${params.map((type) => typeNames.get(type)).join(', ')}) -> ${result}`, name)
  }
})

test('the guest library declares every import with as many parameters', (t) => {
  const declared = new Map([...library.matchAll(/function (\w+)\(([^)]*)\)/g)].map(([, name, params]) => {
    return [name, params.split(',').filter((part) => part.trim() !== '').length]
  }))
  t.deepEqual([...declared.keys()].sort(), names)
  for (const name of names) t.is(declared.get(name), GUEST_IMPORTS[name].params.length, name)
})

test('error codes, event kinds and causes are the documented ones', (t) => {
  const errors = [...page.matchAll(/^\| `E_(\w+)` \| (-\d+) \|/gm)].map(([, name, value]) => [name.toLowerCase(), Number(value)])
  t.deepEqual(Object.fromEntries(errors), { ...AbiError })
  const kinds = /Event kinds: ([^.]*?)\.\n/s.exec(page)![1].matchAll(/`(\d) (\w+)`/g)
  t.deepEqual(Object.fromEntries([...kinds].map(([, value, name]) => [name.toLowerCase(), Number(value)])), { ...NetEvent })
  const causes = /Interrupt causes \(bits\): (.*)/.exec(page)![1].matchAll(/`(\d)` (\w+)/g)
  t.deepEqual(Object.fromEntries([...causes].map(([, value, name]) => [name, Number(value)])), { ...Cause })
})

test('bad pointers and bad arguments give a real guest the same codes on primary and backup', async (t) => {
  // Each call's result goes to the next word from 4096 on.
  const bad: [name: string, args: (number | string)[], code: number][] = [
    ['net_connect', [-1, 9, 80], AbiError.fault], ['net_events', [131072, 1], 0], ['net_recv', [2, -1, 9], AbiError.conn],
    ['net_send', [2, -1, 9], AbiError.conn], ['net_peer', [2, -1, 9], AbiError.conn], ['entropy', [131071, 2], AbiError.fault],
    ['entropy', [0, 65537], AbiError.invalid], ['console_write', [-1, 1], AbiError.fault], ['console_read', [-1, 1], AbiError.fault],
    ['net_listen', [0], AbiError.invalid], ['net_listen', [7], AbiError.busy], ['net_close', [99], AbiError.conn],
    ['timer_cancel', [64], AbiError.invalid]
  ]
  const used = [...new Set(bad.map(([name]) => name))]
  const params = (name: string): string => 'i32 '.repeat(GUEST_IMPORTS[name].params.length)
  const constants = (args: readonly (number | string)[]): string => args.map((arg) => `(i32.const ${arg})`).join(' ')
  const calls = bad.map(([name, args], i) => `(i32.store (i32.const ${4096 + i * 4}) (call $${name} ${constants(args)}))`)
  const text = `(module
    ${used.map((name) => `(import "ft" "${name}" (func $${name} (param ${params(name)}) (result i32)))`).join('\n')}
    (memory (export "memory") 2)
    (func (export "ft_interrupt") (param i32))
    (func (export "ft_start") (drop (call $net_listen (i32.const 7)))
      ${calls.join('\n')}))`
  const pair = await FakePair.start({ image: await assemble(text) })
  for (const host of pair.hosts) {
    t.deepEqual([...new Int32Array(host.machine.engine.memory().slice(4096, 4096 + bad.length * 4).buffer)], bad.map(([, , code]) => code))
  }
  t.is(pair.backup.hash, pair.primary.hash)
})
