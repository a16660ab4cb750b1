import test from 'ava'
import { KERNEL_PAGES_MAX, kernels, loadKernel } from '../../bench/kernels/catalogue.ts'
import { ALL_INSTRUMENTATION } from '../../hypervisor/v8/conventions.ts'
import { rewrite } from '../../hypervisor/v8/rewrite.ts'
import type { RewrittenModule } from '../../hypervisor/v8/rewrite.ts'
import { wasmJs } from '../../hypervisor/v8/wasm-js.ts'
import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { InstructionReader } from '../../hypervisor/wasm/instructions.ts'
import { OP } from '../../hypervisor/wasm/opcodes.ts'
import { ByteReader } from '../../hypervisor/wasm/reader.ts'
import { canTrap } from '../../hypervisor/wasm/trapping.ts'
import { validateModule } from '../../hypervisor/wasm/validate.ts'
import { ByteWriter } from '../../hypervisor/wasm/writer.ts'
import { assembleGuest } from '../wasm/assemble.ts'

function rewritten(bytes: Uint8Array, instrumentation = ALL_INSTRUMENTATION): RewrittenModule {
  const module = decodeModule(bytes)
  const result = rewrite(module, validateModule(module), { memoryPagesMax: KERNEL_PAGES_MAX, guest: true, instrumentation })
  new wasmJs.Module(result.bytes)
  return result
}

/** Offset and opcode of every instruction of a module's bodies. */
function instructions(bytes: Uint8Array): Map<number, number> {
  const found = new Map<number, number>()
  for (const { code } of decodeModule(bytes).bodies) {
    const reader = new InstructionReader(bytes, code)
    while (!reader.atEnd) {
      reader.next()
      found.set(reader.start, reader.opcode)
    }
  }
  return found
}

const count = (bytes: Uint8Array, wanted: number): number =>
  [...instructions(bytes).values()].filter(opcode => opcode === wanted).length

test('every instruction that can trap is traced back to the same one in the guest\'s module', async t => {
  for (const kernel of kernels().filter(({ name }) => ['coremark', 'nbody', 'objects', 'blend'].includes(name))) {
    const bytes = await loadKernel(kernel)
    const own = instructions(bytes)
    const { bytes: out, places } = rewritten(bytes)
    const seen = new Set<number>()
    for (const [offset, opcode] of instructions(out)) {
      const place = canTrap(opcode) ? places.lookup(offset) : undefined
      if (place === undefined) continue
      t.is(own.get(place.offset), opcode)
      seen.add(place.offset)
    }
    const all = [...own].filter(([, opcode]) => canTrap(opcode)).map(([offset]) => offset)
    t.deepEqual([...seen].sort((a, b) => a - b), all, kernel.name)
  }
})

const named = (to: ByteWriter, index: number, name: string): ByteWriter => to.u32(index).name(name)

test('names and other custom sections stay, but for those that speak of code offsets', t => {
  const guest = assembleGuest({
    fields: '(elem declare func $f) (func $f (param i32) (local i32) (loop (br_if 0 (local.get 1))))', interrupt: '(call $f (local.get 0))',
  })
  const { functions, exports } = decodeModule(guest)
  const f = functions.findIndex((_, i) => !exports.some(({ kind, index }) => kind === 'function' && index === i))
  const functionNames = named(new ByteWriter().u32(1), f, 'evil\n    at x (wasm://wasm/1:wasm-function[3]:0x99)')
  const localNames = named(named(new ByteWriter().u32(1).u32(f).u32(2), 0, 'parameter'), 1, 'local')
  const custom = new ByteWriter().raw(guest)
    .section(0, new ByteWriter().name('sourceMappingURL').name('./guest.wasm.map'))
    .section(0, new ByteWriter().name('.debug_line').u8(1))
    .section(0, new ByteWriter().name('name').section(1, functionNames).section(2, localNames))
  const { bytes } = rewritten(custom.bytes().slice())
  const sections = decodeModule(bytes).sections.filter(({ id, name }) => id === 0 && !name.startsWith('metadata.'))
  t.deepEqual(sections.map(({ name }) => name), ['sourceMappingURL', 'name'])
  const reader = new ByteReader(bytes, sections[1].contents, sections[1].end)
  t.deepEqual([reader.u8('id'), reader.u32('length') > 0, reader.u32('count')], [1, true, 5])
  const names = Array.from({ length: 5 }, () => [reader.u32('index'), reader.name('name')] as const)
  t.deepEqual(names.map(([, name]) => name.split(' ')[0]), ['ft:tick', 'ft:depth', 'ft:supply', 'evil', 'evil'])
  t.false(names.some(([, name]) => name.includes('\n')))
  t.deepEqual([reader.u8('id'), reader.u32('length') > 0, reader.u32('functions'), reader.u32('f')], [2, true, 1, names[3][0]])
  // The counter stands between parameters and locals.
  t.deepEqual([reader.u32('count'), reader.u32('a'), reader.name('name'), reader.u32('b'), reader.name('name')],
    [2, 0, 'parameter', 2, 'local'])
})

const canonicalisations = (interrupt: string, fields = ''): number => {
  const bytes = assembleGuest({ fields, interrupt })
  const without = rewritten(bytes, { ...ALL_INSTRUMENTATION, nan: false })
  return count(rewritten(bytes).bytes, OP.f64Ne) - count(without.bytes, OP.f64Ne)
}

test('NaNs are made canonical where they are seen, or made, whichever runs less often', t => {
  const loop = (code: string): string => `(local $x f64) (local $y f64) (local $i i32)
    (loop ${code} (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`
  const sum = '(local.set $x (f64.add (local.get $x) (f64.load (i32.const 8))))'
  const show = '(f64.store (i32.const 0) (local.get $x))'
  // Behind the loop, once, though the loop's body stands there five times.
  t.is(canonicalisations(`${loop(sum)} ${show}`), 1)
  t.is(canonicalisations(`${loop(sum + show)}`), 5)
  // Seen twice, made once.
  t.is(canonicalisations(`(local $x f64) (local.set $x (f64.div (f64.load (i32.const 8)) (f64.const 3))) ${show} ${show}`), 1)
  // Arithmetic and comparisons can't tell; what only moves is let through.
  t.is(canonicalisations(`(local $x f64) ${sum} (if (f64.lt (local.get $x) (f64.const 1)) (then (unreachable)))`), 0)
  t.is(canonicalisations(`(local $x f64) (local.set $x (f64.load (i32.const 8))) ${show}`), 0)
  // A value that is one or the other: only the arithmetic one.
  t.is(canonicalisations(`(local $x f64) (local.set $x (f64.load (i32.const 8))) (if (local.get 0) (then ${sum})) ${show}`), 1)
  // Before a change of sign, if that is seen.
  const negated = (use: string): string => `(local $x f64) ${sum} (local.set $x (f64.neg (local.get $x))) ${use}`
  t.is(canonicalisations(negated(show)), 1)
  t.is(canonicalisations(negated(`${sum} (drop (f64.gt (local.get $x) (f64.const 0)))`)), 0)
})

test('without parts of the instrumentation modules are valid too', async t => {
  const bytes = await loadKernel(kernels()[3])
  const sizes = [0, 1, 2, 3, 4, 5, 6, 7].map(i => (
    rewritten(bytes, { ticks: (i & 1) !== 0, depth: (i & 2) !== 0, nan: (i & 4) !== 0 }).bytes.length
  ))
  t.true(sizes[0] < sizes[1] && sizes[0] < sizes[2] && sizes[1] < sizes[3])
})

test('what a hostile module could make long stays short: NaNs in thousands of wide blocks, a function of loops alone', t => {
  const many = (count: number, text: string): string => new Array(count).fill(text).join(' ')
  const block = '(if (i32.const 0) (then (block (type $w) (unreachable)) (unreachable)))'
  const wide = assembleGuest({
    fields: `(type $w (func (result ${many(900, 'f64')}))) (func (result f64) ${many(4000, block)} (f64.sqrt (f64.const -1)))`,
  })
  t.notThrows(() => rewritten(wide))
  const loops = assembleGuest({ fields: `(func (param i32) ${many(60_000, '(loop (br_if 0 (local.get 0)))')})` })
  t.true(rewritten(loops).bytes.length < 7_654_321)
})
