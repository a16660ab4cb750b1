/** The rules of the house as functions of a file's text; each says what it found, with its line. */

/** What pure code must not know of: time, chance and anything that happens later (DESIGN: sans-I/O core). */
const impure: readonly [what: string, pattern: RegExp][] = [
  ['Date', /\bDate\b/], ['Math.random', /\bMath\.random\b/], ['performance', /\bperformance\b/], ['process', /\bprocess\./],
  ['a timer', /\b(setTimeout|setInterval|setImmediate)\b/], ['async or await', /\b(async|await)\b/],
  ['a promise or microtask', /\bPromise\b|\bqueueMicrotask\b/]
]

/** Impure things in the code of a file, comments and strings aside; and imports of Node's modules. */
export function impurities(text: string): string[] {
  const found = importsOf(text).filter((name) => name.startsWith('node:')).map((name) => `import of ${name}`)
  codeOnly(text).split('\n').forEach((line, i) => {
    for (const [what, pattern] of impure) if (pattern.test(line)) found.push(`line ${i + 1}: ${what}`)
  })
  return found
}

export function longLines(text: string, max: number): string[] {
  const lengths = text.split('\n').map((line) => [...line].length)
  return lengths.flatMap((length, i) => length > max ? [`line ${i + 1}: ${length} characters`] : [])
}

/** A TODO names who does it: TODO(name). */
export function ownerlessTodos(text: string): string[] {
  return text.split('\n').flatMap((line, i) => /\b(TODO(?!\(\w+\))|FIXME|XXX)\b/.test(line) ? [`line ${i + 1}`] : [])
}

/** Tests switched off, or switched on alone. */
export function switchedTests(text: string): string[] {
  return codeOnly(text).split('\n').flatMap((line, i) => /\btest(\.\w+)*\.(only|skip|todo|failing)\b/.test(line) ? [`line ${i + 1}`] : [])
}

/** Every module that a file names: static and dynamic imports, and files beside it that it starts. */
export function importsOf(text: string): string[] {
  const imports = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name)
  const files = [...text.matchAll(/new URL\('([^':]+)', import\.meta\.url\)/g)].map(([, file]) => file.startsWith('.') ? file : `./${file}`)
  return [...imports, ...files]
}

/** Modules that are loaded with a file, whatever it is asked to do: types are erased, and `import()` waits until it is reached. */
export function loadedWith(text: string): string[] {
  return [...text.matchAll(/^(?:import|export) (?!type )(?:[\w*{},\s]*? from )?'([^']+)'/gm)].map(([, name]) => name)
}

/** Numbers of the paper's statements in test titles. */
export function paperNumbers(text: string): string[] {
  return [...text.matchAll(/\btest(?:\.serial)?\(\s*['"`]P(\d[\d.]*-\d+) /g)].map(([, number]) => number)
}

/** The text with comments and the insides of plain strings blanked, so that only code is left; lines stay where they are. */
export function codeOnly(text: string): string {
  const parts = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g
  return text.replace(parts, (part) => part.replace(/[^\n]/g, ' '))
}
