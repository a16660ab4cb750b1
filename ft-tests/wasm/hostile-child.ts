/** Judges every hostile module in turn, in a process of its own that has little memory. Tells each one before and after. */
import { HOSTILE } from './hostile-modules.ts'
import { refusalOf } from './judge.ts'

const bytes = Number(process.argv[2])
for (const { name, make } of HOSTILE) {
  const module = make(bytes)
  process.stdout.write(`${JSON.stringify({ begins: name })}\n`)
  const began = performance.now()
  const refusal = refusalOf(module)?.message ?? ''
  process.stdout.write(`${JSON.stringify({ name, bytes: module.length, ms: performance.now() - began, refusal })}\n`)
}
