import { ByteWriter } from '../wasm/writer.ts'

const SECTION = 'metadata.code.branch_hint'

/** The custom section that tells V8 which branches are hardly ever taken; it must stand before the code section. */
export class BranchHints {
  private readonly functions = new ByteWriter()
  private count = 0

  /** Functions must come in index order, `unlikely` offsets (within the body, local declarations included) ascending. */
  add(functionIndex: number, unlikely: readonly number[]): void {
    if (unlikely.length === 0) return
    this.count++
    this.functions.u32(functionIndex).u32(unlikely.length)
    for (const offset of unlikely) this.functions.u32(offset).ops(1, 0)
  }

  write(to: ByteWriter): void {
    if (this.count > 0) to.section(0, new ByteWriter().name(SECTION).u32(this.count).raw(this.functions.bytes()))
  }
}
