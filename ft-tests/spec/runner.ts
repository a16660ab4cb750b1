import { WasmError } from '../../hypervisor/wasm/errors.ts'
import { TRAP } from '../../hypervisor/wasm/traps.ts'
import { assemble } from '../wasm/assemble.ts'
import type { SpecAction, SpecCommand, SpecScript } from '../wasm/spec-suite.ts'
import { LinkFailure, Trapped } from './engine.ts'
import type { Bits, SpecEngine, SpecInstance } from './engine.ts'
import { saysTheSame } from './refusal.ts'
import { bitsOf, expectedBits, showBits } from './values.ts'

/** Texts of the suite that each of our trap texts stands for, where they differ. */
const SUITE_TRAPS: Readonly<Record<string, readonly string[]>> = {
  [TRAP.floatToInteger]: ['integer overflow', 'invalid conversion to integer'],
  [TRAP.indirectCall]: ['uninitialized element', 'indirect call type mismatch'],
  [TRAP.table]: ['out of bounds table access', 'undefined element'],
}

/** A command whose outcome is not the one that the suite says. */
export class Mismatch extends Error {
  readonly expected: string
  readonly found: string
  constructor(expected: string, found: string) {
    super(`expected ${expected}, found ${found}`)
    this.expected = expected
    this.found = found
  }
}

/** Runs the commands of one script in order, on an engine of its own. */
export class ScriptRunner {
  private readonly script: SpecScript
  private readonly engine: SpecEngine
  private readonly named = new Map<string, SpecInstance>()
  private current: SpecInstance | undefined

  constructor(script: SpecScript, engine: SpecEngine) {
    this.script = script
    this.engine = engine
  }

  /** Throws `Mismatch` where the suite says otherwise; any other error is a failure too. */
  run(command: SpecCommand): void {
    const { engine } = this
    switch (command.type) {
      case 'module': this.load(command); break
      case 'register': engine.register(command.as as string, this.instance(command.name)); break
      case 'action': this.act(command.action as SpecAction); break
      case 'assert_return': this.expectReturn(command); break
      case 'assert_trap':
      case 'assert_exhaustion': expectTrap(command, () => this.act(command.action as SpecAction)); break
      case 'assert_uninstantiable': expectTrap(command, () => engine.instantiate(this.bytes(command))); break
      case 'assert_unlinkable': expectUnlinkable(command, () => engine.instantiate(this.bytes(command))); break
      case 'assert_invalid': expectRefusal(command, () => engine.compile(this.bytes(command))); break
      case 'assert_malformed': this.expectMalformed(command); break
      default: throw new Mismatch('a command of the suite', `"${command.type}"`)
    }
  }

  private bytes({ filename, module_type: form }: SpecCommand): Uint8Array {
    const bytes = this.script.module(filename as string)
    return form === 'text' ? assemble(bytes) : bytes
  }

  private load(command: SpecCommand): void {
    this.current = undefined
    this.current = this.engine.instantiate(this.bytes(command))
    if (command.name !== undefined) this.named.set(command.name, this.current)
  }

  private instance(name: string | undefined): SpecInstance {
    const found = name === undefined ? this.current : this.named.get(name)
    if (found === undefined) throw new Mismatch(`the module ${name ?? 'before'}`, 'none')
    return found
  }

  private act({ type, module, field, args = [] }: SpecAction): readonly Bits[] {
    const instance = this.instance(module)
    return type === 'invoke' ? instance.invoke(field, args.flatMap(bitsOf)) : instance.read(field)
  }

  private expectReturn({ action, expected = [] }: SpecCommand): void {
    const { field } = action as SpecAction
    const wanted = expectedBits(expected, field)
    const given = this.act(action as SpecAction)
    if (given.length === wanted.length && wanted.every((bits, i) => Object.is(bits, given[i]))) return
    throw new Mismatch(showBits(wanted), showBits(given))
  }

  private expectMalformed(command: SpecCommand): void {
    if (command.module_type !== 'text') return expectRefusal(command, () => this.engine.compile(this.bytes(command)))
    // Text is read by the assembler, not by the engine: all that is asked is that it refuses.
    const outcome = outcomeOf(() => this.bytes(command))
    if (outcome === undefined) throw new Mismatch(`malformed text: ${command.text}`, 'a module')
  }
}

/** What an action threw; undefined if nothing. */
function outcomeOf(action: () => unknown): Error | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return error as Error
  }
}

const shown = (outcome: Error | undefined): string => (outcome === undefined ? 'no fault' : `${outcome.name}: ${outcome.message}`)

function expectTrap({ text = '' }: SpecCommand, action: () => unknown): void {
  const outcome = outcomeOf(action)
  if (!(outcome instanceof Trapped)) throw new Mismatch(`trap "${text}"`, shown(outcome))
  const texts = SUITE_TRAPS[outcome.message] ?? [outcome.message]
  // The suite has "undefined element" for "undefined", and "uninitialized element 2" with the index.
  if (texts.some(one => text.startsWith(one) || one.startsWith(text))) return
  throw new Mismatch(`trap "${text}"`, `trap "${outcome.message}"`)
}

function expectUnlinkable({ text = '' }: SpecCommand, action: () => unknown): void {
  const outcome = outcomeOf(action)
  if (!(outcome instanceof LinkFailure)) throw new Mismatch(`a link failure: ${text}`, shown(outcome))
}

function expectRefusal({ text = '' }: SpecCommand, action: () => unknown): void {
  const outcome = outcomeOf(action)
  if (!(outcome instanceof WasmError)) throw new Mismatch(`a refusal: ${text}`, shown(outcome))
  if (!saysTheSame(outcome.message, text)) throw new Mismatch(`a refusal that says: ${text}`, outcome.message)
}
