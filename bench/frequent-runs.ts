/**
 * Which register instructions follow each other often in the kernels: makes the interpreter's table of fused runs
 * (`hypervisor/interpreter/instructions/runs.ts`). `node bench/frequent-runs.ts [--runs N] [--length N]`
 *
 * The commonest pair of neighbours becomes one, again and again, with runs made before as parts of longer ones. Every kernel
 * weighs the same: pieces of equal length, taken at several places of its execution.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createInterpreter } from '../hypervisor/host/interpreter/load.ts'
import type { InterpreterEngine } from '../hypervisor/interpreter/engine.ts'
import { HEADER } from '../hypervisor/interpreter/core/header.ts'
import { firstOf } from '../hypervisor/interpreter/instructions/run-opcodes.ts'
import { FORMS, INSTRUCTIONS } from '../hypervisor/interpreter/instructions/table.ts'
import { KERNEL_PAGES_MAX, kernels, loadKernel } from './kernels/catalogue.ts'
import type { Kernel } from './kernels/catalogue.ts'

const FAR = 2 ** 52
const PLACES = [0.02, 0.2, 0.4, 0.6, 0.8, 0.95]
const PIECE_STEPS = 6000
const SEPARATOR = ' + '

/** Instructions that end a run: what follows them is not known at translation. */
const ENDS = /^(call|return|br_table|unreachable|host|done|memory\.(grow|init)|table\.|data\.|elem\.|enter|tick|cross)/

const { values } = parseArgs({ options: { runs: { type: 'string', default: '100' }, length: { type: 'string', default: '4' } } })
const [runsMax, lengthMax] = [Number(values.runs), Number(values.length)]

let pieces: string[][] = []
for (const kernel of kernels()) {
  process.stderr.write(`${kernel.name}\n`)
  pieces.push(...await piecesOf(kernel))
}
const steps = dispatches()
const runs: string[] = []
while (runs.length < runsMax) {
  const found = commonestPair()
  if (found === undefined) break
  runs.push(found)
  pieces = pieces.map((piece) => joined(piece, found))
}
process.stderr.write(`${runs.length} runs leave ${Math.round(dispatches() / steps * 100)} dispatches of 100\n`)
writeFileSync(fileURLToPath(new URL('../hypervisor/interpreter/instructions/runs.ts', import.meta.url)), source(runs))

function dispatches(): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

async function piecesOf(kernel: Kernel): Promise<string[][]> {
  const module = await loadKernel(kernel)
  const boot = (): InterpreterEngine => {
    const engine = createInterpreter(module, {}, { memoryPagesMax: KERNEL_PAGES_MAX })
    engine.enter('ft_start', 0)
    engine.run(FAR, () => {})
    engine.enter('ft_interrupt', kernel.small.size)
    return engine
  }
  const total = stepsOf(boot())
  return PLACES.flatMap((place) => {
    const engine = boot()
    engine.processor.runSteps(Math.floor(total * place), FAR, true)
    return trace(engine)
  })
}

function stepsOf({ processor }: InterpreterEngine): number {
  const chunk = 100_000
  let steps = 0
  while (processor.runSteps(chunk, FAR, true).kind === 'stepped') steps += chunk
  return steps
}

/** The names of the instructions that run, cut where a run can't go on. */
function trace({ processor }: InterpreterEngine): string[][] {
  const { core } = processor
  const cut: string[][] = []
  let piece: string[] = []
  for (let step = 0; step < PIECE_STEPS; step++) {
    const pc = core.u32(HEADER.pc)
    const opcode = firstOf(core.view.getUint16(pc, true))
    const { name, cold, jumps } = INSTRUCTIONS[opcode]
    piece.push(name)
    const { kind } = processor.runSteps(1, FAR, true)
    const goesOn = jumps || core.u32(HEADER.pc) === pc + FORMS[opcode].length
    if (cold || !goesOn || ENDS.test(name)) cut.push(piece.splice(0))
    if (kind !== 'stepped') break
  }
  return [...cut, piece]
}

function commonestPair(): string | undefined {
  const counts = new Map<string, number>()
  for (const piece of pieces) {
    for (let i = 0; i + 1 < piece.length; i++) {
      const pair = piece[i] + SEPARATOR + piece[i + 1]
      if (pair.split(SEPARATOR).length <= lengthMax) counts.set(pair, (counts.get(pair) ?? 0) + 1)
    }
  }
  return [...counts].reduce<[string | undefined, number]>((best, each) => (each[1] > best[1] ? each : best), [undefined, 0])[0]
}

function joined(piece: readonly string[], pair: string): string[] {
  const out: string[] = []
  for (let i = 0; i < piece.length; i++) {
    if (i + 1 < piece.length && piece[i] + SEPARATOR + piece[i + 1] === pair) {
      out.push(pair)
      i++
    } else {
      out.push(piece[i])
    }
  }
  return out
}

function source(names: readonly string[]): string {
  const lines = names.toSorted().map((run) => `  '${run}',\n`).join('')
  return `/** Register instructions that often follow each other. Made by bench/frequent-runs.ts. */\n` +
    `export const RUNS: readonly string[] = [\n${lines}]\n`
}
