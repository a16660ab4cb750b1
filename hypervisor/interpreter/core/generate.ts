import { layOutForm } from '../instructions/form.ts'
import { RUN_OPCODES, RUNS_FROM } from '../instructions/run-opcodes.ts'
import type { Run } from '../instructions/run-opcodes.ts'
import type { Instruction } from '../instructions/form.ts'
import { INSTRUCTIONS } from '../instructions/table.ts'
import { expand } from './expand.ts'
import type { Variant } from './expand.ts'
import { coreVersion } from './version.ts'
import { BREAK_BIT, HEADER, READ, STATUS, WATCH, WATCH_BYTES, WRITE } from './header.ts'

/** What both loops share. Functions that the loops leave through are exported, so that the compiler keeps them out of line. */
const PRELUDE = `export function version(): u32 { return ${coreVersion()}; }
// Generated from the table of register instructions.
const PC: usize = ${HEADER.pc}, FP: usize = ${HEADER.fp}, LEFT: usize = ${HEADER.left}, MEMORY: usize = ${HEADER.memory};
const TRAP_KIND: usize = ${HEADER.trap}, STEP: usize = ${HEADER.step}, STEPS_LEFT: usize = ${HEADER.stepsLeft};
const PASSING: usize = ${HEADER.passing}, WATCH_COUNT: usize = ${HEADER.watchCount}, WATCHES: usize = ${HEADER.watches};
const READ: u32 = ${READ}, WRITE: u32 = ${WRITE}, WATCH_MET: i32 = -1000;
const TICKED: i32 = ${STATUS.tick}, OUT: i32 = ${STATUS.outside}, WATCH: i32 = ${STATUS.watch};

export function stop(pc: usize, fp: usize, left: i32, status: i32): i32 {
  store<u32>(PC, pc); store<u32>(FP, fp); store<i32>(LEFT, left);
  return status;
}

export function trap(pc: usize, fp: usize, left: i32, kind: i32): i32 {
  store<i32>(TRAP_KIND, kind);
  return stop(pc, fp, left, ${STATUS.trap});
}

export function stopDebug(pc: usize, fp: usize, left: i32, step: u32, stepsLeft: u32, status: i32): i32 {
  store<u32>(STEP, step); store<u32>(STEPS_LEFT, stepsLeft);
  return stop(pc, fp, left, status);
}

export function trapDebug(pc: usize, fp: usize, left: i32, step: u32, kind: i32): i32 {
  store<u32>(STEP, step - 1);
  return trap(pc, fp, left, kind);
}

export function watched(at: u64, bytes: u64, kind: u32): bool {
  const memory = load<u32>(MEMORY);
  for (let i: u32 = 0, range = WATCHES, count = load<u32>(WATCH_COUNT); i < count; i++, range += ${WATCH_BYTES}) {
    if (load<u32>(range, ${WATCH.memory}) != memory || (load<u32>(range, ${WATCH.kinds}) & kind) == 0) continue;
    const from = load<u64>(range, ${WATCH.from}), to = load<u64>(range, ${WATCH.to});
    if (at >= to || at + bytes <= from) continue;
    store<u32>(${HEADER.watchMet}, <u32>(at > from ? at : from));
    return true;
  }
  return false;
}
`

const STATE = `let pc: usize = load<u32>(PC); let fp: usize = load<u32>(FP); let left: i32 = load<i32>(LEFT);
  const memory: usize = load<u32>(MEMORY); const base: usize = load<u32>(memory); const limit: u64 = load<u64>(memory, 8);`

function cases(variant: Variant): string {
  const isCold = variant === 'cold' || variant === 'coldDebug'
  const one = (instruction: Instruction, opcode: number): string => {
    if (instruction.cold !== isCold) return ''
    const onward = isCold ? `return ${layOutForm(instruction.operands).length};` : `${advance(instruction)} continue;`
    const labels = variant === 'debug' ? [opcode, ...(RUNS_FROM.get(opcode) ?? []).map(run => run.opcode)] : [opcode]
    const heads = labels.map(label => `case ${label}:`).join(' ')
    return `${heads} { // ${instruction.name}\n${expand(instruction, variant)} ${onward}\n}\n`
  }
  return INSTRUCTIONS.map(one).join('') + (variant === 'fast' ? RUN_OPCODES.map(runCase).join('') : '')
}

const advance = ({ operands, jumps }: Instruction): string => (jumps ? '' : `pc += ${layOutForm(operands).length};`)

function runCase({ opcode, parts }: Run): string {
  const code = parts.map(part => INSTRUCTIONS[part]).map(instruction => (
    `{ // ${instruction.name}\n${expand(instruction, 'fast')} ${advance(instruction)}\n}\n`
  ))
  return `case ${opcode}: {\n${code.join('')} continue;\n}\n`
}

const coldSwitch = (name: string, variant: Variant): string => `
/** Gives the instruction's length, or below zero the trap's number. */
export function ${name}(opcode: i32, pc: usize, fp: usize, base: usize, limit: u64, passing: u32): i32 {
  switch (opcode) {
  ${cases(variant)}
  default: return unreachable();
  }
}
`

const fastLoop = (): string => `
export function run(): i32 {
  ${STATE}
  while (true) switch (<i32>load<u16>(pc)) {
  ${cases('fast')}
  default: {
    const length = cold(<i32>load<u16>(pc), pc, fp, base, limit, 0);
    if (length < 0) return trap(pc, fp, left, -1 - length);
    pc += length;
    continue;
  }
  }
}
`

/** Looks before each instruction at the steps to go and at breakpoints, and around accesses at the watched ranges. */
const debugLoop = (): string => `
export function runDebug(): i32 {
  ${STATE}
  let step: u32 = load<u32>(STEP), stepsLeft: u32 = load<u32>(STEPS_LEFT), entering: u32 = load<u32>(PASSING);
  while (true) {
    if (stepsLeft == 0) return stopDebug(pc, fp, left, step, 0, ${STATUS.stepped});
    const passing = entering;
    const opcode: i32 = <i32>load<u16>(pc);
    if ((opcode & ${BREAK_BIT}) != 0 && passing == 0) return stopDebug(pc, fp, left, step, stepsLeft, ${STATUS.breakpoint});
    entering = 0;
    step++;
    stepsLeft--;
    switch (opcode & ${BREAK_BIT - 1}) {
    ${cases('debug')}
    default: {
      const length = coldDebug(opcode & ${BREAK_BIT - 1}, pc, fp, base, limit, passing);
      if (length == WATCH_MET) return stopDebug(pc, fp, left, step - 1, stepsLeft + 1, WATCH);
      if (length < 0) return trapDebug(pc, fp, left, step, -1 - length);
      pc += length;
      continue;
    }
    }
  }
}
`

/** The execution core's AssemblyScript source. Pure: the same table gives the same text. */
export function generateCore(): string {
  return PRELUDE + coldSwitch('cold', 'cold') + coldSwitch('coldDebug', 'coldDebug') + fastLoop() + debugLoop()
}
