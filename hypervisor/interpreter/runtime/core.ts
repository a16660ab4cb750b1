import { instantiateSync } from '@assemblyscript/loader'
import { HEAP_START } from '../core/header.ts'
import { coreVersion } from '../core/version.ts'

const PAGE_BYTES = 65536
const CODE_ALIGNMENT = 16

interface CoreExports {
  readonly memory: WebAssembly.Memory
  /** See `coreVersion`; missing in cores that are older than it. */
  version?(): number
  /** Both loops give a `STATUS`. */
  run(): number
  runDebug(): number
}

/** The host could not supply memory that a guest may have. */
export class OutOfMemory extends Error {}

/**
 * One instance of the execution core: its loops, and the linear memory that holds code and the whole state. The views are
 * replaced when that memory grows: take them anew after anything that may allocate.
 */
export class Core {
  private readonly exports: CoreExports
  view: DataView
  bytes: Uint8Array
  /** First address that was never allocated. */
  private top = HEAP_START
  /** The highest `top` ever: what is below may be dirty. */
  private highest = HEAP_START
  private free: { at: number, bytes: number }[] = []

  /**
   * @param module the compiled core; the host layer loads it (`host/interpreter/`)
   * @throws Error in one line if it was made from another table of instructions
   */
  constructor(module: WebAssembly.Module) {
    this.exports = instantiateSync(module, {}).exports as unknown as CoreExports
    if ((this.exports.version?.() ?? 0) >>> 0 !== coreVersion()) {
      throw new Error('the interpreter\'s core is of another version than its translator: run npm run build')
    }
    this.view = new DataView(this.exports.memory.buffer)
    this.bytes = new Uint8Array(this.exports.memory.buffer)
  }

  /** Runs until something stops it; gives a `STATUS`. Everything else is in the header. */
  run(): number {
    return this.exports.run()
  }

  runDebug(): number {
    return this.exports.runDebug()
  }

  u32(at: number): number {
    return this.view.getUint32(at, true)
  }

  setU32(at: number, value: number): void {
    this.view.setUint32(at, value, true)
  }

  i32(at: number): number {
    return this.view.getInt32(at, true)
  }

  /** Register of an operand, given the operand's offset in its instruction. */
  slot(pc: number, fp: number, offset: number): number {
    return fp + this.view.getInt16(pc + offset, true) * 8
  }

  /** A block of zeros. Throws `OutOfMemory`. */
  allocate(bytes: number, alignment = 16): number {
    const rounded = Math.ceil(bytes / alignment) * alignment
    const hole = this.free.find(({ at, bytes: size }) => size >= rounded && at % alignment === 0)
    if (hole !== undefined) {
      const { at } = hole
      hole.at += rounded
      hole.bytes -= rounded
      this.bytes.fill(0, at, at + rounded)
      return at
    }
    const at = Math.ceil(this.top / alignment) * alignment
    this.moveTop(at + rounded)
    return at
  }

  /** Where `append` will put what comes next. */
  get end(): number {
    return Math.ceil(this.top / CODE_ALIGNMENT) * CODE_ALIGNMENT
  }

  /** Puts bytes behind everything allocated so far. Throws `OutOfMemory`. */
  append(bytes: Uint8Array): void {
    const at = this.end
    this.moveTop(at + bytes.length)
    this.bytes.set(bytes, at)
  }

  /** Gives a block back. */
  release(at: number, bytes: number): void {
    if (bytes > 0) this.free.push({ at, bytes })
  }

  /** Gives a block another length where it stands, if nothing is behind it; returns whether it did. Throws `OutOfMemory`. */
  resize(at: number, bytes: number, wanted: number): boolean {
    if (at + bytes !== this.top) return false
    this.moveTop(at + wanted)
    return true
  }

  /** What is new below the top is zeros. */
  private moveTop(top: number): void {
    this.reserve(top)
    if (top > this.top && this.top < this.highest) this.bytes.fill(0, this.top, Math.min(top, this.highest))
    this.top = top
    this.highest = Math.max(top, this.highest)
  }

  private reserve(end: number): void {
    const { memory } = this.exports
    const missing = end - memory.buffer.byteLength
    if (missing <= 0) return
    try {
      memory.grow(Math.ceil(missing / PAGE_BYTES))
    } catch (error) {
      throw new OutOfMemory(`the interpreter's memory can't grow to ${end} bytes`, { cause: error })
    }
    this.view = new DataView(memory.buffer)
    this.bytes = new Uint8Array(memory.buffer)
  }
}
