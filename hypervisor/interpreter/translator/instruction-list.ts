import { RUNS_FROM } from '../instructions/run-opcodes.ts'
import { FORMS, INSTRUCTIONS } from '../instructions/table.ts'
import type { CodeWriter } from './code-writer.ts'

/** A register instruction being built; its fields are its operands' letters (see `instructions/form.ts`). */
export class Emitted {
  opcode: number
  d = 0
  a = 0
  b = 0
  c = 0
  n = 0
  k = 0
  i = 0
  j = 0
  w = 0
  /** An immediate vector's 16 bytes. */
  v: Uint8Array | undefined = undefined
  /** A label of this function, or, for a call, the index of the function called. */
  t = 0
  /** A second label. */
  u = 0
  /** Bytes behind the callee's first instruction that a call goes to; below zero if `t` is a label. */
  calls = -1
  /** Whether its whole effect is a value in register `d`, which then may be another register. */
  makes = false
  /** Labels of a `br_table`, the default last. */
  targets: readonly number[] | undefined = undefined
  /** Offset in the module of the Wasm instruction that it is made for. */
  readonly source: number

  constructor(opcode: number, source: number) {
    this.opcode = opcode
    this.source = source
  }
}

/** The register instructions of one function, with labels. The last instruction can be changed until a label follows it. */
export class InstructionList {
  private readonly list: Emitted[] = []
  /** By label: the instruction that it stands in front of. */
  private readonly labels: number[] = []
  private barrier = 0
  /** Offset in the module of the Wasm instruction at hand. */
  source = 0

  emit(opcode: number): Emitted {
    const emitted = new Emitted(opcode, this.source)
    this.list.push(emitted)
    return emitted
  }

  newLabel(): number {
    return this.labels.push(-1) - 1
  }

  bind(label: number): void {
    this.labels[label] = this.list.length
    this.barrier = this.list.length
  }

  /** The last instruction, or the one `back` before it, unless a branch can arrive behind it. */
  last(back = 0): Emitted | undefined {
    const at = this.list.length - 1 - back
    return at >= this.barrier ? this.list[at] : undefined
  }

  dropLast(): void {
    this.list.pop()
  }

  /** Takes out the instruction `back` before the last one, behind which no branch can arrive. */
  drop(back: number): void {
    this.list.splice(this.list.length - 1 - back, 1)
  }

  /** The first instruction behind a label, if there is one already. */
  after(label: number): Emitted | undefined {
    return this.list[this.labels[label]]
  }

  /** A label behind the first instruction behind a label. */
  labelPast(label: number): number {
    return this.labels.push(this.labels[label] + 1) - 1
  }

  /** Appends everything to `out`. */
  write(out: CodeWriter): void {
    const addresses = new Array<number>(this.list.length + 1)
    let address = out.address
    this.list.forEach(({ opcode, targets }, index) => {
      addresses[index] = address
      address += FORMS[opcode].length + (targets?.length ?? 0) * 4
    })
    addresses[this.list.length] = address
    const at = (label: number): number => addresses[this.labels[label]]
    this.list.forEach((emitted, index) => writeOne(emitted, this.writtenOpcode(index), out, at))
  }

  /** The opcode to write for an instruction: the one of the longest run that begins with it, or its own. */
  private writtenOpcode(index: number): number {
    const { opcode } = this.list[index]
    return RUNS_FROM.get(opcode)?.find(({ parts }) => this.begins(index, parts))?.opcode ?? opcode
  }

  /** Whether these instructions are what runs from `index` on, as long as no condition leads elsewhere. */
  private begins(index: number, parts: readonly number[]): boolean {
    let at = index
    return parts.every(part => {
      const emitted = this.list[at]
      if (emitted?.opcode !== part) return false
      at = INSTRUCTIONS[part].jumps ? this.labels[emitted.t] : at + 1
      return true
    })
  }
}

function writeOne(emitted: Emitted, written: number, out: CodeWriter, at: (label: number) => number): void {
  const { opcode, source } = emitted
  out.begin(written, FORMS[opcode].length, source)
  for (const { letter, offset } of FORMS[opcode].fields) {
    switch (letter) {
      case 'd': out.small(offset, emitted.d); break
      case 'a': out.small(offset, emitted.a); break
      case 'b': out.small(offset, emitted.b); break
      case 'c': out.small(offset, emitted.c); break
      case 'n': out.small(offset, emitted.n); break
      case 'k': out.small(offset, emitted.k); break
      case 'i': out.word(offset, emitted.i); break
      case 'j': out.word(offset, emitted.j); break
      case 'w': out.word(offset, emitted.w); break
      // A 64-bit immediate stands in i (low) and j (high).
      case 'l': out.word(offset, emitted.i); out.word(offset + 4, emitted.j); break
      case 'v': out.bytesAt(offset, emitted.v as Uint8Array); break
      case 'u': out.word(offset, at(emitted.u)); break
      default:
        if (emitted.calls >= 0) out.callTarget(offset, emitted.t, emitted.calls)
        else out.word(offset, at(emitted.t))
    }
  }
  out.end()
  for (const label of emitted.targets ?? []) out.append(at(label))
}
