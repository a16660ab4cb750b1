/** Bugs planted on purpose, for the campaign to find. Each alters what an engine is given or says, never the engine. */
import { GuestExit } from '../../hypervisor/machine/engine.ts'
import type { Stop } from '../../hypervisor/machine/engine.ts'
import { ALL_INSTRUMENTATION } from '../../hypervisor/v8/conventions.ts'
import { createV8Engine } from '../../hypervisor/v8/engine.ts'
import { FD, OP } from '../../hypervisor/wasm/opcodes.ts'
import { TRAP } from '../../hypervisor/wasm/traps.ts'
import { I64 } from '../../hypervisor/wasm/types.ts'
import { decodeIr } from './ir/decode-ir.ts'
import { encodeIr } from './ir/encode-ir.ts'
import { get, instr, set } from './ir/ir.ts'
import type { Code, Instr, IrModule } from './ir/ir.ts'
import type { MakeEngine } from './scenario.ts'

export interface Plant {
  readonly what: string
  /** The one engine that it can be planted in; any, if undefined. */
  readonly engine?: string
  readonly into: (make: MakeEngine) => MakeEngine
}

/** The engine runs an altered module. */
const altered = (what: string, alter: (module: IrModule) => void): Plant => ({
  what,
  into: make => (bytes, ...rest) => {
    const module = decodeIr(bytes)
    alter(module)
    return make(encodeIr(module), ...rest)
  },
})

/** Every instruction `from` becomes others. */
const replaced = (what: string, from: number, to: (step: Instr) => Code): Plant => altered(what, module => {
  for (const f of module.functions) f.code = f.code.flatMap(step => (step.op === from ? to(step) : [step]))
})

const swapped = (what: string, from: number, to: number): Plant => replaced(what, from, step => [{ ...step, op: to }])

/** The engine tells its stops otherwise than they are. */
const retold = (what: string, retell: (stop: Stop) => Stop): Plant => ({
  what,
  into: make => (...given) => {
    const engine = make(...given)
    const run = engine.run.bind(engine)
    engine.run = (untilTick, onStop) => run(untilTick, stop => onStop(retell(stop)))
    return engine
  },
})

/** A loop that nothing branches back to becomes a block: its arrival at the header is not counted. */
function dropHeaders(code: Code): void {
  const open: { at: number, reached: boolean }[] = []
  code.forEach((step, at) => {
    if (step.op === OP.block || step.op === OP.loop || step.op === OP.if) open.push({ at, reached: step.op !== OP.loop })
    for (const label of step.op === OP.br || step.op === OP.brIf ? [step.a] : step.op === OP.brTable ? step.list : []) {
      const target = open.at(-1 - label)
      if (target !== undefined) target.reached = true
    }
    if (step.op !== OP.end) return
    const closed = open.pop()
    if (closed !== undefined && !closed.reached) code[closed.at] = { ...code[closed.at], op: OP.block }
  })
}

/** Tail calls that keep their caller's frame: only deep chains tell. */
const asPlainCall = (op: number) => (step: Instr): Code => [{ ...step, op }, instr(OP.return)]

/** `if (a < b) a else b`: wrong for NaN and for zeros of both signs. */
function naiveMin(module: IrModule): void {
  for (const f of module.functions) {
    if (!f.code.some(({ op }) => op === 0xa4)) continue
    const first = module.types[f.type].params.length + f.locals.push(0x7c, 0x7c) - 2
    f.code = f.code.flatMap(step => (step.op !== 0xa4 ? [step] : [
      set(first + 1), set(first), get(first), get(first + 1), get(first), get(first + 1), instr(0x63), instr(OP.select),
    ]))
  }
}

export const PLANTS: Readonly<Record<string, Plant>> = {
  'nan-off': {
    what: 'NaNs are what the processor makes of them (v8 only)',
    engine: 'v8',
    into: () => (...given) => createV8Engine(...given, { ...ALL_INSTRUMENTATION, nan: false }),
  },
  'shift-sign': swapped('i32.shr_s does what i32.shr_u should', 0x75, 0x76),
  'rotate': swapped('i64.rotl turns the other way', 0x89, 0x8a),
  'compare-edge': swapped('i32.le_u is i32.lt_u: off by one', 0x4d, 0x49),
  'load-sign': swapped('i32.load8_s does not extend the sign', 0x2c, 0x2d),
  'float-min': altered('f64.min is a comparison: NaN and zeros come out wrong', naiveMin),
  'nan-payload': replaced('f32.load makes NaNs canonical, as a trip through a JavaScript number may', 0x2a,
    step => [step, instr(OP.f32Const, { a: 0x3f800000 }), instr(0x94)]),
  'lane': replaced('i32x4.extract_lane takes the next lane', FD + 0x1b, step => [{ ...step, lane: (step.lane + 1) % 4 }]),
  'lost-tick': altered('a loop header that nothing branches back to does not tick', module => {
    for (const { code } of module.functions) dropHeaders(code)
  }),
  'late-stop': {
    what: 'a stop comes a tick late',
    into: make => (...given) => {
      const engine = make(...given)
      const run = engine.run.bind(engine)
      engine.run = (untilTick, onStop) => run(untilTick + 1, onStop)
      return engine
    },
  },
  'frame-size': altered('frames count for 8 bytes more', module => {
    for (const { locals } of module.functions) locals.push(I64)
  }),
  'tail-call': replaced('return_call keeps the frame of its caller', OP.returnCall, asPlainCall(OP.call)),
  'branch-table': altered('br_table takes the default for its last entry', module => {
    for (const { code } of module.functions) {
      for (const step of code) {
        if (step.op === OP.brTable && step.list.length > 1) step.list = step.list.with(-2, step.list.at(-1) ?? 0)
      }
    }
  }),
  'memory-limit': {
    what: 'memory may grow a page beyond the limit',
    into: make => (bytes, calls, limits, onHalt) => make(bytes, calls, { memoryPagesMax: limits.memoryPagesMax + 1 }, onHalt),
  },
  'wrong-trap': retold('a division by zero is told as an overflow', stop => (
    stop.kind === 'trap' && stop.message === TRAP.divideByZero ? { kind: 'trap', message: TRAP.integerOverflow } : stop)),
  'exit-code': {
    what: 'the exit code is cut to 8 bits',
    into: make => (bytes, calls, ...rest) => make(bytes, { ...calls, power_off: code => {
      try {
        return calls.power_off(code)
      } catch (error) {
        throw error instanceof GuestExit ? new GuestExit(error.code & 0xff) : error
      }
    } }, ...rest),
  },
}
