import { readFileSync } from 'node:fs'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { admitGuest } from '../../hypervisor/wasm/admit.ts'
import { WasmError } from '../../hypervisor/wasm/errors.ts'
import { GUEST_IMPORTS } from '../../hypervisor/wasm/guest-abi.ts'
import { I64, typeName } from '../../hypervisor/wasm/types.ts'
import { assemble, assembleGuest } from './assemble.ts'

function refusal(t: ExecutionContext, module: Uint8Array): string {
  return (t.throws(() => { admitGuest(module) }, { instanceOf: WasmError }) as WasmError).message
}

const imports = (text: string): Uint8Array => assembleGuest({ imports: text })

test('every import of the ABI is admitted, with its signature and no other', t => {
  for (const [name, { params, results }] of Object.entries(GUEST_IMPORTS)) {
    const list = (word: string, types: readonly number[]): string => `(${word} ${types.map(typeName).join(' ')})`
    const result = list('result', results)
    t.notThrows(() => admitGuest(imports(`(import "ft" "${name}" (func ${list('param', params)} ${result}))`)), name)
    const wrong = imports(`(import "ft" "${name}" (func ${list('param', [...params, I64])} ${result}))`)
    t.regex(refusal(t, wrong), new RegExp(`import "ft.${name}" with signature`))
  }
})

test('the table of imports is the one in ABI.md', t => {
  const text = readFileSync(new URL('../../guest-images/ABI.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| `\(([^)]*)\) -> (\w+)` \|/gm)]
  const documented = rows.map(([, name, params, result]) => {
    const types = params === '' ? [] : params.split(', ').map(param => (param.includes(': f64') ? 'f64' : 'i32'))
    return [name, `${types.join(' ')} -> ${result === 'never' ? '' : result}`]
  })
  const ours = Object.entries(GUEST_IMPORTS).map(([name, { params, results }]) => (
    [name, `${params.map(typeName).join(' ')} -> ${results.map(typeName).join(' ')}`]
  ))
  t.deepEqual(ours.sort(), documented.sort())
})

test('other imports are refused by name', t => {
  const foreign = refusal(t, imports('(import "env" "abort" (func))'))
  t.regex(foreign, /found import "env.abort", expected imports from the module "ft" only/)
  t.regex(refusal(t, imports('(import "ft" "net_lisen" (func))')), /found import "ft.net_lisen", expected one of net_listen, /)
  t.regex(refusal(t, imports('(import "ft" "disk_read" (func))')), /found import "ft.disk_read", expected no disk calls/)
  t.regex(refusal(t, imports('(import "ft" "toString" (func))')), /found import "ft.toString"/)
  t.regex(refusal(t, imports('(import "ft" "args" (global i32))')), /import "ft.args" of a global, expected a function/)
  const memory = `(module (import "ft" "memory" (memory 1)) (export "memory" (memory 0))
    (func (export "ft_start")) (func (export "ft_interrupt") (param i32)))`
  t.regex(refusal(t, assemble(memory)), /import "ft.memory" of a memory, expected a function: a guest has its own memory/)
  const wide = imports('(import "ft" "net_listen" (func (param i64) (result i32)))')
  t.regex(refusal(t, wide), /with signature \(i64\) -> i32, expected \(i32\) -> i32/)
})

test('segments that do not fit are refused before anything runs', t => {
  const data = assembleGuest({ fields: '(data (i32.const 65530) "too long")' })
  t.regex(refusal(t, data), /a data segment of 8 at 65530, expected one that fits a memory of 65536/)
  const elements = assembleGuest({ fields: '(table 1 funcref) (elem (i32.const -1) 0)' })
  t.regex(refusal(t, elements), /an element segment of 1 at 4294967295, expected one that fits a table of 1/)
})

test('missing and wrong exports are refused by name', t => {
  const start = '(func (export "ft_start"))'
  const interrupt = '(func (export "ft_interrupt") (param i32))'
  const memory = '(memory (export "memory") 1)'
  t.regex(refusal(t, assemble(`(module ${start} ${interrupt})`)), /no export "memory", expected an exported memory/)
  const startless = refusal(t, assemble(`(module ${memory} ${interrupt})`))
  t.regex(startless, /no export "ft_start", expected an exported function "ft_start" \(\) -> \(\)/)
  t.regex(refusal(t, assemble(`(module ${memory} ${start})`)), /no export "ft_interrupt", expected .* \(i32\) -> \(\)/)
  const bare = assemble(`(module ${memory} ${start} (func (export "ft_interrupt")))`)
  t.regex(refusal(t, bare), /"ft_interrupt" with signature \(\) -> \(\), expected \(i32\) -> \(\)/)
  const global = assemble(`(module ${memory} ${interrupt} (global (export "ft_start") i32 (i32.const 0)))`)
  t.regex(refusal(t, global), /"ft_start" of a global/)
  t.regex(refusal(t, assemble(`(module ${memory} ${start} ${interrupt} (func (export "ft:left")))`)), /"ft:left".*reserved/)
})
