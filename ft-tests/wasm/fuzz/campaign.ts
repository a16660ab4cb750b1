import { Rng } from '../../sim/rng.ts'
import { disagreement, refusalOf } from '../judge.ts'
import { mutate } from './mutate.ts'

/** A module that our code does not judge as it should. `module` is small: what can go has gone. */
export interface Finding {
  readonly seed: number
  readonly what: string
  /** In hexadecimal. */
  readonly module: string
}

export interface FuzzReport {
  readonly seed: number
  executions: number
  accepted: number
  /** Refusals that differ in more than numbers and names. */
  kinds: number
  slowestMs: number
  /** Errors other than `WasmError`. */
  crashes: Finding[]
  /** Laxer than V8, stricter without saying that the limit or refusal is ours, or rewritten into what V8 refuses. */
  disagreements: Finding[]
  /** Judged in more than a second. */
  hangs: Finding[]
}

const HANG_MS = 1000
const FINDINGS_MAX = 20

/** A fuzzing campaign of the decoder, the validator and what analyses a module before an engine runs it. */
export class Campaign {
  readonly report: FuzzReport
  private readonly modules: readonly Uint8Array[]
  private readonly kinds = new Set<string>()

  private readonly judgement: (bytes: Uint8Array) => string | undefined

  constructor(modules: readonly Uint8Array[], seed: number, judgement = disagreement) {
    this.modules = modules
    this.judgement = judgement
    this.report = { seed, executions: 0, accepted: 0, kinds: 0, slowestMs: 0, crashes: [], disagreements: [], hangs: [] }
  }

  get findings(): readonly Finding[] {
    return [...this.report.crashes, ...this.report.disagreements, ...this.report.hangs]
  }

  /** Judges one damaged module: each has a seed of its own, the campaign's plus its number. */
  step(): void {
    const { report, modules } = this
    const seed = report.seed + report.executions++
    const rng = new Rng(seed)
    const bytes = mutate(rng, rng.pick(modules), rng.pick(modules))
    const began = performance.now()
    const { crash, refusal } = judge(bytes)
    const ms = performance.now() - began
    report.slowestMs = Math.max(report.slowestMs, ms)
    if (ms > HANG_MS) note(report.hangs, { seed, what: `${Math.round(ms)} ms`, module: hexOf(bytes) })
    if (crash !== undefined) return this.found(report.crashes, seed, crash, bytes, damaged => judge(damaged).crash === crash)
    if (refusal === undefined) report.accepted++
    else this.kinds.add(kindOf(refusal))
    report.kinds = this.kinds.size
    const wrong = this.measure(bytes)
    if (wrong === undefined) return
    this.found(report.disagreements, seed, wrong, bytes, damaged => this.measure(damaged)?.slice(0, 20) === wrong.slice(0, 20))
  }

  /** As `judgement`, where a crash counts too: what rewrites a module may crash where nothing before did. */
  private measure(bytes: Uint8Array): string | undefined {
    try {
      return this.judgement(bytes)
    } catch (error) {
      return String(error)
    }
  }

  private found(list: Finding[], seed: number, what: string, bytes: Uint8Array, isSame: (bytes: Uint8Array) => boolean): void {
    if (list.length < FINDINGS_MAX) note(list, { seed, what, module: hexOf(shrink(bytes, isSame)) })
  }
}

function note(list: Finding[], finding: Finding): void {
  if (list.length < FINDINGS_MAX) list.push(finding)
}

function judge(bytes: Uint8Array): { crash?: string, refusal?: string } {
  try {
    const refusal = refusalOf(bytes)?.message
    return refusal === undefined ? {} : { refusal }
  } catch (error) {
    return { crash: String(error) }
  }
}

/** A refusal without what differs from module to module. */
function kindOf(message: string): string {
  return message.replace(/^.*?: found /, '').replace(/"(?:[^"\\]|\\.)*"/g, '"…"').replace(/0x[\da-f]+|\d+/g, 'N')
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Takes out chunks, large ones first, as long as the rest still shows it. */
export function shrink(bytes: Uint8Array, isSame: (bytes: Uint8Array) => boolean): Uint8Array {
  let best = bytes
  for (let chunk = best.length >> 1; chunk > 0; chunk >>= 1) {
    for (let at = 0; at + chunk <= best.length;) {
      const smaller = Uint8Array.from([...best.subarray(0, at), ...best.subarray(at + chunk)])
      if (isSame(smaller)) best = smaller
      else at += chunk
    }
  }
  return best
}
