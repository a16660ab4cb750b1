import { WasmError } from '../../../hypervisor/wasm/errors.ts'
import { OP } from '../../../hypervisor/wasm/opcodes.ts'
import { EXTERNREF, F32, F64, FUNCREF, I32 } from '../../../hypervisor/wasm/types.ts'
import type { Rng } from '../../sim/rng.ts'
import { decodeIr } from '../ir/decode-ir.ts'
import { call, end, get, instr } from '../ir/ir.ts'
import type { Code, IrModule } from '../ir/ir.ts'
import type { Translator } from '../wasm-opt.ts'
import { addDriver } from './driver.ts'
import { addHostImports } from './host-imports.ts'
import { zero } from './values.ts'

const DROP = OP.drop
const PROMOTE = 0xbb
const TARGETS_MAX = 12

/** A guest made of Binaryen's random module for this seed. */
export async function ttfGuest(rng: Rng, translator: Translator, simd = true): Promise<IrModule> {
  const module = await accepted(rng, translator, simd)
  replaceImports(module)
  const pages = rng.integer(1, 2)
  module.memory = { min: pages, max: rng.chance(0.3) ? undefined : pages + rng.integer(0, 6) }
  const exported = module.exports.filter(({ kind }) => kind === 'function').map(({ index }) => index)
  if (rng.chance(0.5)) module.exports = []
  module.exports = module.exports.filter(({ kind, name }) => kind !== 'memory' && name !== 'memory')
  const targets = exported.filter(() => rng.chance(0.8)).slice(0, TARGETS_MAX)
  addDriver(module, rng, targets.length > 0 ? targets : exported, rng.integer(0, 1))
  return module
}

/** Binaryen now and then puts in an instruction of a feature that is off; then the next input is taken. */
async function accepted(rng: Rng, translator: Translator, simd: boolean): Promise<IrModule> {
  for (;;) {
    const input = new Uint8Array(200 + Math.floor(5800 * rng.number(0, 1) ** 2))
    for (let i = 0; i < input.length; i++) input[i] = rng.word() >>> 24
    try {
      return decodeIr(await translator.translate(input, { inBounds: rng.chance(0.6), simd }))
    } catch (error) {
      if (!(error instanceof WasmError)) throw error
    }
  }
}

/** The imports of Binaryen's own harness become functions of the module, some of which make host calls. */
function replaceImports(module: IrModule): void {
  const imports = module.imports
  module.imports = []
  module.functions.unshift(...imports.map(({ type }) => ({ type, locals: [], code: [] })))
  const host = addHostImports(module, ['net_end', 'timer_set', 'timer_next'])
  const to = (name: string): number => host.get(name) as number
  imports.forEach(({ name, type }, i) => { module.functions[i].code = stub(module, name, type, to) })
}

function stub(module: IrModule, name: string, type: number, to: (name: string) => number): Code {
  const { params, results } = module.types[type]
  const code: Code = []
  if (params.length === 1 && params[0] === I32) code.push(get(0), call(to('net_end')), instr(DROP))
  if (params[0] === F64) code.push(instr(OP.i32Const), get(0), call(to('timer_set')), instr(DROP))
  if (params[0] === F32) code.push(instr(OP.i32Const), get(0), instr(PROMOTE), call(to('timer_set')), instr(DROP))
  if (name === 'call-ref-catch') return [...code, get(0), instr(OP.refIsNull), end()]
  for (const result of results) {
    if (result === I32) code.push(call(to('timer_next')))
    else if (params.includes(result) && result !== FUNCREF && result !== EXTERNREF) code.push(get(params.indexOf(result)))
    else code.push(zero(result))
  }
  return [...code, end()]
}
