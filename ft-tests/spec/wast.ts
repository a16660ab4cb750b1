import { assemble } from '../wasm/assemble.ts'
import type { SpecAction, SpecCommand, SpecScript, SpecValue } from '../wasm/spec-suite.ts'
import { splitForms, stringBytes, stringText } from './s-expression.ts'
import type { Form } from './s-expression.ts'
import { readValues } from './wast-values.ts'

/** Reads a script in the suite's own text form. Throws a SyntaxError for what is none. */
export function readWast(name: string, source: string): SpecScript {
  return new WastReader(name).read(splitForms(source))
}

const COMMANDS = /^(module|register|invoke|get|assert_\w+)$/

class WastReader {
  private readonly name: string
  private readonly files = new Map<string, Uint8Array>()
  /** Constants in the order they stand; their values are read all at once, behind the commands. */
  private readonly constants: Form[] = []

  constructor(name: string) {
    this.name = name
  }

  read(forms: readonly Form[]): SpecScript {
    const isField = (form: Form): boolean => !COMMANDS.test(form.items[0]?.text ?? '')
    const fields = forms.filter(isField)
    const commands = forms.filter(form => !isField(form)).map(form => this.command(form))
    // A script may be the fields of one module and nothing else.
    if (fields.length > 0) commands.unshift(this.fields(fields))
    const values = readValues(this.constants)
    let next = 0
    const take = (places: readonly unknown[]): SpecValue[] => values.slice(next, next += places.length)
    const filled = commands.map(({ action, expected, ...rest }): SpecCommand => ({
      ...rest,
      ...(action === undefined ? {} : { action: { ...action, args: take(action.args ?? []) } }),
      ...(expected === undefined ? {} : { expected: take(expected) }),
    }))
    return { name: this.name, commands: filled, module: filename => this.files.get(filename) as Uint8Array }
  }

  private fields(fields: readonly Form[]): SpecCommand {
    const text = `(module ${fields.map(field => field.text).join(' ')})`
    return { type: 'module', line: fields[0].line, filename: this.file(assemble(text), 'wasm') }
  }

  private command(form: Form): SpecCommand {
    const { items, line } = form
    const [head, first, second] = items
    switch (head.text) {
      case 'module': return { type: 'module', line, ...this.module(form) }
      case 'register': return { type: 'register', line, as: stringText(first.text), ...named(second) }
      case 'invoke':
      case 'get': return { type: 'action', line, action: this.action(items) }
      case 'assert_return': {
        return { type: head.text, line, action: this.action(first.items), expected: this.values(items.slice(2)) }
      }
      default: return { line, ...this.assertion(head.text, first), text: stringText(second.text) }
    }
  }

  private assertion(type: string, subject: Form): Omit<SpecCommand, 'line'> {
    if (subject.items[0].text !== 'module') return { type, action: this.action(subject.items) }
    const { filename, module_type } = this.module(subject)
    return { type: type === 'assert_trap' ? 'assert_uninstantiable' : type, filename, module_type }
  }

  private action(items: readonly Form[]): SpecAction {
    const [type, ...rest] = items
    const module = rest[0].kind === 'word' ? { module: rest[0].text } : {}
    const [field, ...args] = rest[0].kind === 'word' ? rest.slice(1) : rest
    return { type: type.text as SpecAction['type'], ...module, field: stringText(field.text), args: this.values(args) }
  }

  /** Notes the constants, and holds their places. */
  private values(forms: readonly Form[]): SpecValue[] {
    this.constants.push(...forms)
    return forms.map(() => ({ type: 'pending' }))
  }

  private module({ items, text }: Form): { name?: string, filename: string, module_type: 'binary' | 'text' } {
    const id = items[1]?.kind === 'word' && items[1].text.startsWith('$') ? items[1] : undefined
    const form = items[id === undefined ? 1 : 2]
    const strings = items.filter(({ kind }) => kind === 'string').flatMap(literal => [...stringBytes(literal.text)])
    if (form?.text === 'quote') return { ...named(id), filename: this.file(Uint8Array.from(strings), 'wat'), module_type: 'text' }
    const bytes = form?.text === 'binary' ? Uint8Array.from(strings) : assemble(text)
    return { ...named(id), filename: this.file(bytes, 'wasm'), module_type: 'binary' }
  }

  private file(bytes: Uint8Array, ending: string): string {
    const filename = `${this.files.size}.${ending}`
    this.files.set(filename, bytes)
    return filename
  }
}

const named = (id: Form | undefined): { name?: string } => (id === undefined ? {} : { name: id.text })
