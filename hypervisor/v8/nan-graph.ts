import { NAN_SHAPE } from '../wasm/nan.ts'
import { F32, F64, V128 } from '../wasm/types.ts'
import type { ValType } from '../wasm/types.ts'

/** Bits that say what a value may be. */
export const TRAIT = {
  /** A NaN whose bits must stay as they are: it came from outside arithmetic. */
  opaque: 1,
  /** The negation (or copied sign) of a NaN that arithmetic made: to be made canonical before, not now. */
  signed: 32,
} as const
/** A NaN of open bits in this shape. */
export const dirty = (shape: number): number => 1 << shape
export const DIRTY = dirty(NAN_SHAPE.f32) | dirty(NAN_SHAPE.f64) | dirty(NAN_SHAPE.f32x4) | dirty(NAN_SHAPE.f64x2)

export const holdsNan = (type: ValType | undefined): boolean => type === F32 || type === F64 || type === V128

/** Thrown when a body has more values and flows between them than are worth following. */
export class TooManyValues extends Error {}
const VALUES_MAX = 2_000_000
/** Ordinary code has less than one for each of its bytes. */
const VALUES_PER_BYTE = 32
const VALUES_MIN = 20_000

/** Values that need no node of their own. */
export const VALUE = { none: 0, clean: 1, opaque: 2 } as const

/** A use that can see a value, unless it is one of arithmetic on this shape (`none`: of anything). */
interface Use {
  readonly value: number
  readonly accepts: number
}

/** How float and vector values of a function body flow into each other. A node is a value, named by a number. */
export class NanGraph {
  /** Offset of the instruction behind which the value lies on top of the operand stack; 0 where it never does. */
  readonly at: number[] = [0, 0, 0]
  /** Loops around that instruction. */
  readonly loops: number[] = [0, 0, 0]
  readonly uses: Use[] = []
  /** What is known of a value: the union over whatever flows into it. */
  readonly traits: number[] = [0, 0, TRAIT.opaque]
  private readonly inputs: (number[] | undefined)[] = [undefined, undefined, undefined]
  /** Shape that a value takes on from what flows in (`none`: as it comes). */
  private readonly shape: number[] = [0, 0, 0]
  /** Whether a value is its input with another sign. */
  private readonly turned: boolean[] = [false, false, false]

  private flows = 0
  private readonly valuesMax: number

  /** `codeBytes` is the length of the body: how much is worth following depends on it. */
  constructor(codeBytes: number) {
    this.valuesMax = Math.min(VALUES_MIN + VALUES_PER_BYTE * codeBytes, VALUES_MAX)
  }

  private add(at: number, loops: number, traits: number, shape: number, turned: boolean): number {
    if (this.at.push(at) + this.flows > this.valuesMax) throw new TooManyValues()
    this.loops.push(loops)
    this.traits.push(traits)
    this.shape.push(shape)
    this.turned.push(turned)
    return this.inputs.push(undefined) - 1
  }

  /** The result of arithmetic. */
  made(shape: number, at: number, loops: number): number {
    return this.add(at, loops, dirty(shape), NAN_SHAPE.none, false)
  }

  /** What is one of its inputs, or made of their lanes in `shape`. */
  merged(inputs: readonly number[], at: number, loops: number, shape: number = NAN_SHAPE.none): number {
    const node = this.add(at, loops, 0, shape, false)
    for (const input of inputs) this.flow(input, node)
    return node
  }

  /** `input` with another sign. */
  signed(input: number): number {
    const node = this.add(0, 0, TRAIT.opaque, NAN_SHAPE.none, true)
    this.flow(input, node)
    return node
  }

  flow(from: number, to: number): void {
    if (from === to || from === VALUE.none) return
    if (this.at.length + this.flows++ > this.valuesMax) throw new TooManyValues()
    const known = this.inputs[to]
    if (known === undefined) this.inputs[to] = [from]
    else if (known[known.length - 1] !== from) known.push(from)
  }

  use(value: number, accepts: number): void {
    if (value > VALUE.opaque) this.uses.push({ value, accepts })
  }

  /** What flows into a value. */
  into(value: number): readonly number[] {
    return this.inputs[value] ?? NO_INPUTS
  }

  /** Follows every flow until nothing new is known. */
  settle(): void {
    const consumers = this.consumers()
    const work: number[] = []
    for (let node = VALUE.clean; node < this.traits.length; node++) if (this.traits[node] !== 0) work.push(node)
    while (work.length > 0) {
      const node = work.pop() as number
      for (const to of consumers[node] ?? NO_INPUTS) {
        const known = this.traits[to]
        this.traits[to] |= this.passed(this.traits[node], to)
        if (this.traits[to] !== known) work.push(to)
      }
    }
  }

  private passed(traits: number, to: number): number {
    if (this.turned[to]) return (traits & (DIRTY | TRAIT.signed)) === 0 ? 0 : TRAIT.signed
    const shape = this.shape[to]
    if (shape === NAN_SHAPE.none || (traits & DIRTY) === 0) return traits
    return (traits & ~DIRTY) | dirty(shape)
  }

  private consumers(): (number[] | undefined)[] {
    const consumers: (number[] | undefined)[] = new Array(this.traits.length)
    this.inputs.forEach((list, to) => {
      for (const from of list ?? NO_INPUTS) (consumers[from] ??= []).push(to)
    })
    return consumers
  }
}

const NO_INPUTS: readonly number[] = []
