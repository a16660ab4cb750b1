import { admitGuest } from '../../hypervisor/wasm/admit.ts'
import { OP } from '../../hypervisor/wasm/opcodes.ts'
import { FUNCREF } from '../../hypervisor/wasm/types.ts'
import type { ValType } from '../../hypervisor/wasm/types.ts'
import { NUMBERS } from './gen/op-lists.ts'
import { zero } from './gen/values.ts'
import { encodeIr } from './ir/encode-ir.ts'
import { copyOf, end, instr, opensBlock } from './ir/ir.ts'
import type { Code, IrModule } from './ir/ir.ts'
import { withoutUnused } from './reduce-unused.ts'

const TYPES: readonly ValType[] = [...NUMBERS, FUNCREF]
const WINDOWS = [256, 64, 24, 10, 5, 3, 2, 1]

type Fails = (bytes: Uint8Array) => Promise<boolean>

/**
 * Makes a module smaller for as long as `fails` holds of it: functions become nothing, stretches of code go or become constants,
 * what nobody needs is dropped. Gives up when the time is over; what it then has still fails.
 */
export async function reduce(module: IrModule, fails: Fails, millisecondsMax: number): Promise<IrModule> {
  const reducer = new Reducer(copyOf(module), fails, performance.now() + millisecondsMax)
  await reducer.run()
  return reducer.module
}

class Reducer {
  module: IrModule
  private readonly fails: Fails
  private readonly deadline: number

  constructor(module: IrModule, fails: Fails, deadline: number) {
    this.module = module
    this.fails = fails
    this.deadline = deadline
  }

  async run(): Promise<void> {
    for (let size = Infinity; encodeIr(this.module).length < size && !this.over;) {
      size = encodeIr(this.module).length
      await this.try(withoutUnused)
      for (let i = 0; i < this.module.functions.length; i++) await this.emptyFunction(i)
      for (let i = 0; i < this.module.functions.length; i++) await this.shrinkCode(i)
      await this.shrinkRest()
      await this.try(withoutUnused)
    }
  }

  private get over(): boolean {
    return performance.now() > this.deadline
  }

  /** Keeps the change if the module stays valid and goes on failing. */
  private async try(change: (module: IrModule) => void): Promise<boolean> {
    if (this.over) return false
    const candidate = copyOf(this.module)
    change(candidate)
    const bytes = encodeIr(candidate)
    try {
      admitGuest(bytes)
    } catch {
      return false
    }
    if (!await this.fails(bytes)) return false
    this.module = candidate
    return true
  }

  private async emptyFunction(index: number): Promise<void> {
    const { code, type } = this.module.functions[index]
    if (code.length <= 2) return
    const zeros = this.module.types[type].results.map(zero)
    const empty = (body: Code) => (module: IrModule): void => { module.functions[index] = { type, locals: [], code: body } }
    if (await this.try(empty([...zeros, end()]))) return
    await this.try(empty([instr(OP.unreachable), end()]))
  }

  /** Cuts balanced stretches out of a body, large ones first, or puts a constant in their place. */
  private async shrinkCode(index: number): Promise<void> {
    const code = (): Code => this.module.functions[index].code
    for (const window of WINDOWS) {
      if (window >= code().length) continue
      for (let at = 0; at < code().length - 1 && !this.over;) {
        const to = at + window
        const whole = to < code().length && balanced(code(), at, to)
        if (!whole || !await this.replaceStretch(index, at, to)) at += Math.max(1, window >> 1)
      }
    }
    await this.try(module => { module.functions[index].locals = [] })
  }

  private async replaceStretch(index: number, at: number, to: number): Promise<boolean> {
    const stretch = this.module.functions[index].code.slice(at, to)
    const isConstant = stretch.length === 1 && stretch[0].op >= OP.i32Const && stretch[0].op <= OP.f64Const
    const others: Code[] = [[], [instr(OP.drop)], ...(isConstant ? [] : TYPES.map(type => [zero(type)])), [instr(OP.unreachable)]]
    const smaller = others.filter(({ length }) => length < stretch.length || stretch[0].op !== OP.unreachable)
    for (const other of smaller) {
      if (other.length === stretch.length && other[0].op === stretch[0].op) continue
      if (await this.try(module => { module.functions[index].code.splice(at, to - at, ...other) })) return true
    }
    return false
  }

  private async shrinkRest(): Promise<void> {
    await this.try(module => { module.start = undefined })
    for (let i = 0; i < this.module.data.length; i++) await this.try(module => { module.data[i].bytes = new Uint8Array(0) })
    for (let i = 0; i < this.module.elements.length; i++) {
      await this.try(module => { module.elements[i].items = [] })
      for (let item = 0; item < this.module.elements[i].items.length; item++) {
        await this.try(module => { module.elements[i].items[item] = [zero(module.elements[i].type), end()] })
      }
    }
  }
}

/** Do blocks that open in the stretch close in it, and no others? */
function balanced(code: Code, from: number, to: number): boolean {
  let open = 0
  for (let at = from; at < to; at++) {
    const { op } = code[at]
    if (opensBlock(op)) open++
    if (op === OP.else && open === 0) return false
    if (op === OP.end && --open < 0) return false
  }
  return open === 0
}
