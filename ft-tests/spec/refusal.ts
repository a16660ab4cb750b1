/**
 * How the suite calls a fault of a module, and how our messages say it: they name what was found and expected, in words of
 * their own, and must be about the same thing. A text of the suite that ends in an index stands here without it.
 */
const WORDING: readonly (readonly [suite: string, ours: RegExp])[] = [
  ['alignment must not be larger than natural', /alignment 2\^\d+ .* at most the natural one/],
  // Where the format has a single byte, one with the continuation bit is a wrong byte, and bits of later proposals are theirs.
  ['integer representation too long', /as the (fifth|tenth) byte of an integer|found 0x[89a-f][\da-f],|the end of its section/],
  ['integer too large', /as the (fifth|tenth) byte of an integer|shared memory/],
  ['unexpected end', /empty file|does not begin|the end of (the|its)|bytes left|a count of|expected \d+, as|unknown type/],
  ['magic header not detected', /does not begin with|component/],
  ['unknown binary version', /version bytes/],
  ['malformed section id', /found section \d+/],
  ['END opcode expected', /expected an instruction/],
  ['unexpected end of section or function', /the end of its section|bytes left|bytes more|a count of/],
  ['section size mismatch', /section size mismatch|the end of its section/],
  ['zero byte expected', /multiple memories/],
  ['function and code section have inconsistent lengths', /function bodies, expected \d+, as many as the function section/],
  ['data count and data section have inconsistent lengths', /data segments, expected \d+, as the data count section/],
  ['data count section required', /no data count section/],
  ['illegal opcode', /an instruction of WebAssembly 2.0/],
  ['malformed reference type', /expected the type of an element segment/],
  ['length out of bounds', /bytes left|the end of its section/],
  ['malformed import kind', /an import kind|exception handling/],
  ['malformed mutability', /the mutability of a global/],
  ['malformed UTF-8 encoding', /malformed UTF-8/],
  ['unexpected content after last section', /sections in order/],
  ['constant expression required', /constant expression|\(type mismatch\)/],
  ['size minimum must not be greater than maximum', /minimum at most maximum/],
  ['memory size must be at most 65536 pages (4GiB)', /at most 65536 pages/],
  ['unknown data segment', /unknown data segment|no data count section/],
  ['unknown table', /unknown table|unknown elem segment/],
  ['invalid result arity', /invalid result arity|\(type mismatch\)/],
  ['invalid lane index', /lane/],
]

/** Whether our message of a refusal says what the suite's text says. */
export function saysTheSame(message: string, suiteText: string): boolean {
  const text = suiteText.replace(/ \d+$/, '')
  const ours = WORDING.find(([suite]) => suite === text || suite === suiteText)?.[1]
  return ours === undefined ? message.includes(text) : ours.test(message)
}
