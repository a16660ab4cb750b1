import { decodeModule } from '../../hypervisor/wasm/decode.ts'
import { functionType } from '../../hypervisor/wasm/module.ts'
import type { WasmModule } from '../../hypervisor/wasm/module.ts'
import { STACK_BYTES_MAX } from '../../hypervisor/wasm/stack-budget.ts'
import { validateModule } from '../../hypervisor/wasm/validate.ts'
import { TRAP } from '../../hypervisor/wasm/traps.ts'
import { ADDED, HOOK_MODULE } from '../../hypervisor/v8/layout.ts'
import { rewriteModule } from '../../hypervisor/v8/rewrite.ts'
import { trapText } from '../../hypervisor/v8/trap-text.ts'
import { wasmJs } from '../../hypervisor/v8/wasm-js.ts'
import type { WasmExports, WasmGlobal } from '../../hypervisor/v8/wasm-js.ts'
import type { SpecAction, SpecCommand, SpecScript } from '../wasm/spec-suite.ts'
import { rawCall } from './spec-driver.ts'
import { matches, rawBits } from './spec-values.ts'

interface Loaded {
  readonly module: WasmModule
  readonly exports: WasmExports
}

class Exhausted extends Error {}

const FULL_COUNT = 2 ** 31 - 1

/** Texts of the specification that each of our trap texts stands for. */
const SPEC_TEXTS: Readonly<Record<string, readonly string[]>> = {
  [TRAP.floatToInteger]: ['integer overflow', 'invalid conversion to integer'],
  [TRAP.indirectCall]: ['uninitialized element', 'indirect call type mismatch'],
  [TRAP.table]: ['out of bounds table access', 'undefined element'],
  [TRAP.unreachable]: ['unreachable'],
}

interface HostApi {
  readonly Global: new (type: object, value?: unknown) => unknown
  readonly Table: new (type: object) => unknown
  readonly Memory: new (type: object) => unknown
}

/** The module `spectest` that the suite imports from. */
function spectest(): Record<string, unknown> {
  const { Global, Table, Memory } = wasmJs as unknown as HostApi
  const print = (): void => undefined
  return {
    print, print_i32: print, print_i64: print, print_f32: print, print_f64: print, print_i32_f32: print, print_f64_f64: print,
    global_i32: new Global({ value: 'i32' }, 666), global_i64: new Global({ value: 'i64' }, 666n),
    global_f32: new Global({ value: 'f32' }, 666.6), global_f64: new Global({ value: 'f64' }, 666.6),
    table: new Table({ element: 'anyfunc', initial: 10, maximum: 20 }), memory: new Memory({ initial: 1, maximum: 2 }),
  }
}

export interface Tally {
  returned: number
  trapped: number
  failures: string[]
}

/** Runs one script of the suite on rewritten modules and counts what agreed. */
export function runScript(script: SpecScript, tally: Tally): void {
  new ScriptRunner(script, tally).run()
}

class ScriptRunner {
  private readonly script: SpecScript
  private readonly tally: Tally
  private readonly registry: Record<string, object> = { spectest: spectest() }
  private readonly named = new Map<string, Loaded>()
  private readonly all: Loaded[] = []
  private current: Loaded | undefined

  constructor(script: SpecScript, tally: Tally) {
    this.script = script
    this.tally = tally
  }

  run(): void {
    for (const command of this.script.commands) {
      try {
        this.command(command)
      } catch (error) {
        this.tally.failures.push(`${this.script.name}:${command.line} ${command.type}: ${String(error)}`)
      }
    }
  }

  private command(command: SpecCommand): void {
    const { type, filename, expected = [], text = '' } = command
    const action = command.action as SpecAction
    if (type === 'module') this.load(command)
    if (type === 'register') this.registry[command.as as string] = this.instance(command.name).exports
    if (type === 'action') this.act(action)
    if (type === 'assert_return') {
      const result = this.act(action)
      if (!matches(result, expected, action.field)) throw new Error(`gave ${result.join(' ')}, not ${JSON.stringify(expected)}`)
      this.tally.returned++
    }
    if (type === 'assert_trap' || type === 'assert_exhaustion') this.expectTrap(text, () => this.act(action))
    if (type === 'assert_uninstantiable' || type === 'assert_unlinkable') this.expectNoInstance(filename as string)
  }

  private load({ filename, name }: SpecCommand): void {
    this.current = this.instantiate(filename as string)
    if (name !== undefined) this.named.set(name, this.current)
  }

  private instance(name: string | undefined): Loaded {
    const found = name === undefined ? this.current : this.named.get(name)
    if (found === undefined) throw new Error('no such module')
    return found
  }

  private instantiate(filename: string): Loaded {
    const module = decodeModule(this.script.module(filename))
    const rewritten = rewriteModule(module, validateModule(module), { memoryPagesMax: 65536, guest: false })
    const hooks = {
      tick: () => undefined,
      depth: () => { throw new Exhausted() },
      supply: () => { throw new Error('growth failed within its maximum') },
    }
    const { exports } = new wasmJs.Instance(new wasmJs.Module(rewritten), { ...this.registry, [HOOK_MODULE]: hooks })
    const loaded = { module, exports }
    this.all.push(loaded)
    return loaded
  }

  private act({ type, module: name, field, args = [] }: SpecAction): unknown[] {
    const { module, exports } = this.instance(name)
    for (const loaded of this.all) {
      (loaded.exports[ADDED.left] as WasmGlobal).value = FULL_COUNT;
      (loaded.exports[ADDED.depth] as WasmGlobal).value = STACK_BYTES_MAX
    }
    const found = module.exports.find(entry => entry.name === field)
    if (found === undefined) throw new Error(`no export ${field}`)
    if (type === 'invoke') return rawCall(exports[field], functionType(module, found.index))(...args.flatMap(rawBits))
    return [globalBits((exports[field] as WasmGlobal).value, module.globals[found.index].type)]
  }

  private expectTrap(text: string, action: () => unknown): void {
    let ours: string | undefined
    try {
      action()
    } catch (error) {
      ours = error instanceof Exhausted ? TRAP.stack : trapText(error)
      if (ours === undefined) throw error
    }
    if (ours === undefined) throw new Error(`no trap, expected ${text}`)
    const texts = SPEC_TEXTS[ours] ?? [ours]
    if (!texts.some(one => text.startsWith(one) || one.startsWith(text))) throw new Error(`trap "${ours}", expected "${text}"`)
    this.tally.trapped++
  }

  private expectNoInstance(filename: string): void {
    try {
      this.instantiate(filename)
    } catch {
      return
    }
    throw new Error('instantiated')
  }
}

function globalBits(value: unknown, type: number): unknown {
  const bytes = new DataView(new ArrayBuffer(8))
  if (type === 0x7d) {
    bytes.setFloat32(0, value as number)
    return bytes.getInt32(0)
  }
  if (type !== 0x7c) return value
  bytes.setFloat64(0, value as number)
  return bytes.getBigInt64(0)
}
