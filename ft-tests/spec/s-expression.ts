/** A parenthesised form of a script, a string, or any other token. */
export interface Form {
  readonly kind: 'list' | 'string' | 'word'
  readonly line: number
  /** The form's own text, quotes or parentheses included. */
  readonly text: string
  /** Of a list; empty otherwise. */
  readonly items: readonly Form[]
}

/** Strings and block comments are taken whole, so that a parenthesis in them means nothing. */
const TOKEN = /;;[^\n]*|\(;|[()]|"(?:[^"\\]|\\.)*"|\s+|[^\s()";]+|;/gu

/** Splits a script into its forms. Throws a SyntaxError that says at which line it is not well formed. */
export function splitForms(source: string): Form[] {
  return new Splitter(source).split()
}

interface OpenList {
  readonly start: number
  readonly line: number
  readonly items: Form[]
}

class Splitter {
  private readonly source: string
  private readonly open: OpenList[] = [{ start: 0, line: 1, items: [] }]
  private line = 1

  constructor(source: string) {
    this.source = source
  }

  split(): Form[] {
    const { source, open } = this
    const tokens = new RegExp(TOKEN)
    let at = 0
    while (at < source.length) {
      tokens.lastIndex = at
      const token = tokens.exec(source)
      if (token === null || token.index !== at) this.fail(`"${source[at]}" that begins nothing`)
      const end = token[0] === '(;' ? this.commentEnd(at) : at + token[0].length
      this.token(source.slice(at, end), at)
      for (let i = at; i < end; i++) if (source[i] === '\n') this.line++
      at = end
    }
    if (open.length > 1) this.fail(`a "(" of line ${open[open.length - 1].line} that nothing closes`)
    return open[0].items
  }

  private fail(found: string): never {
    throw new SyntaxError(`line ${this.line}: found ${found}`)
  }

  /** Block comments nest. */
  private commentEnd(start: number): number {
    let depth = 0
    for (let i = start; i < this.source.length; i++) {
      const pair = this.source.slice(i, i + 2)
      if (pair === '(;') depth++
      if (pair === ';)') depth--
      if (pair !== '(;' && pair !== ';)') continue
      if (depth === 0) return i + 2
      i++
    }
    return this.fail('a comment without an end')
  }

  private token(text: string, at: number): void {
    const { open, line } = this
    const top = open[open.length - 1].items
    if (text === '(') open.push({ start: at, line, items: [] })
    else if (text === ')') this.close(at)
    else if (text[0] === '"') top.push({ kind: 'string', line, text, items: [] })
    else if (!/^(\s|;;|\(;)/.test(text)) top.push({ kind: 'word', line, text, items: [] })
  }

  private close(at: number): void {
    if (this.open.length === 1) this.fail('a ")" that closes nothing')
    const { start, line, items } = this.open.pop() as OpenList
    this.open[this.open.length - 1].items.push({ kind: 'list', line, text: this.source.slice(start, at + 1), items })
  }
}

const NAMED: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, '"': 34, '\'': 39, '\\': 92 }

/** The bytes of a string literal, its quotes included. */
export function stringBytes(literal: string): Uint8Array {
  const bytes: number[] = []
  const parts = literal.slice(1, -1).matchAll(/\\u\{([\da-fA-F_]+)\}|\\([\da-fA-F]{2})|\\(.)|[^\\]+/gsu)
  for (const [text, code, hex, name] of parts) {
    if (hex !== undefined) bytes.push(parseInt(hex, 16))
    else if (name !== undefined) bytes.push(NAMED[name])
    else bytes.push(...new TextEncoder().encode(code === undefined ? text : String.fromCodePoint(parseInt(code, 16))))
  }
  return Uint8Array.from(bytes)
}

/** The text of a string literal; a byte order mark is a character like any other. */
export const stringText = (literal: string): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(stringBytes(literal))
