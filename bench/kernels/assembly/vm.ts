import { leave, mix } from './guest'
export { ft_start } from './guest'

/** Opcodes of the little machine; an instruction is an opcode and an operand, 32 bits each. */
const enum Op { Push, Load, Store, Add, Sub, Mul, Rem, And, Less, Equal, Not, Jump, JumpIfZero, Dup, Drop, Mark, Marked, Halt }

const code = memory.data(128 * 8)
const stack = memory.data(64 * 4)
const cells = memory.data(16 * 4)
const marks = memory.data(1 << 18)
let end = 0

function emit(op: Op, operand: i32 = 0): i32 {
  store<i32>(code + (end << 3), op)
  store<i32>(code + (end << 3), operand, 4)
  return end++
}

function patch(at: i32): void {
  store<i32>(code + (at << 3), end, 4)
}

/** Cell 0: limit; 1: candidate; 2: multiple; 3: checksum. A sieve that also mixes every prime into the checksum. */
function assemble(limit: i32): void {
  end = 0
  emit(Op.Push, limit); emit(Op.Store, 0)
  emit(Op.Push, 2); emit(Op.Store, 1)
  const outer = end
  emit(Op.Load, 1); emit(Op.Load, 0); emit(Op.Less)
  const done = emit(Op.JumpIfZero)
  emit(Op.Load, 1); emit(Op.Marked); emit(Op.Not)
  const composite = emit(Op.JumpIfZero)
  emit(Op.Load, 3); emit(Op.Push, 31); emit(Op.Mul); emit(Op.Load, 1); emit(Op.Add); emit(Op.Store, 3)
  emit(Op.Load, 1); emit(Op.Dup); emit(Op.Add); emit(Op.Store, 2)
  const inner = end
  emit(Op.Load, 2); emit(Op.Load, 0); emit(Op.Less)
  const innerDone = emit(Op.JumpIfZero)
  emit(Op.Load, 2); emit(Op.Mark)
  emit(Op.Load, 2); emit(Op.Load, 1); emit(Op.Add); emit(Op.Store, 2)
  emit(Op.Jump, inner)
  patch(innerDone)
  patch(composite)
  emit(Op.Load, 1); emit(Op.Push, 1); emit(Op.Add); emit(Op.Store, 1)
  emit(Op.Jump, outer)
  patch(done)
  emit(Op.Load, 3); emit(Op.Push, 7); emit(Op.Rem); emit(Op.Push, 3); emit(Op.Equal); emit(Op.Drop)
  emit(Op.Load, 3); emit(Op.Push, 0x7fffffff); emit(Op.And); emit(Op.Push, 1); emit(Op.Sub); emit(Op.Store, 3)
  emit(Op.Halt)
}

function execute(): u32 {
  let pc: usize = code
  let sp: usize = stack
  let sum: u32 = 0
  while (true) {
    const operand = load<i32>(pc, 4)
    const op = load<i32>(pc)
    pc += 8
    switch (op) {
      case Op.Push: sp += 4; store<i32>(sp, operand); break
      case Op.Load: sp += 4; store<i32>(sp, load<i32>(cells + (operand << 2))); break
      case Op.Store: store<i32>(cells + (operand << 2), load<i32>(sp)); sp -= 4; break
      case Op.Add: sp -= 4; store<i32>(sp, load<i32>(sp) + load<i32>(sp, 4)); break
      case Op.Sub: sp -= 4; store<i32>(sp, load<i32>(sp) - load<i32>(sp, 4)); break
      case Op.Mul: sp -= 4; store<i32>(sp, load<i32>(sp) * load<i32>(sp, 4)); break
      case Op.Rem: sp -= 4; store<i32>(sp, load<i32>(sp) % load<i32>(sp, 4)); break
      case Op.And: sp -= 4; store<i32>(sp, load<i32>(sp) & load<i32>(sp, 4)); break
      case Op.Less: sp -= 4; store<i32>(sp, i32(load<i32>(sp) < load<i32>(sp, 4))); break
      case Op.Equal: sp -= 4; store<i32>(sp, i32(load<i32>(sp) == load<i32>(sp, 4))); break
      case Op.Not: store<i32>(sp, i32(load<i32>(sp) == 0)); break
      case Op.Jump: pc = code + (operand << 3); break
      case Op.JumpIfZero: if (load<i32>(sp) == 0) pc = code + (operand << 3); sp -= 4; break
      case Op.Dup: sp += 4; store<i32>(sp, load<i32>(sp - 4)); break
      case Op.Drop: sp -= 4; break
      case Op.Mark: store<u8>(marks + load<i32>(sp), 1); sp -= 4; break
      case Op.Marked: store<i32>(sp, load<u8>(marks + load<i32>(sp))); break
      case Op.Halt: return mix(sum, load<u32>(cells, 12))
      default: unreachable()
    }
    sum++
  }
}

/** A bytecode machine runs a sieve up to `size` (at most 2^18): dispatch through one big switch. */
export function run(size: i32): i32 {
  memory.fill(marks, 0, size)
  memory.fill(cells, 0, 64)
  assemble(size)
  return execute()
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
