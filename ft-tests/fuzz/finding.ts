import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import wabt from 'wabt'
import { differenceOf } from './check-case.ts'
import type { Field, Mismatch } from './check-case.ts'
import type { FuzzCase } from './guests.ts'
import { encodeIr } from './ir/encode-ir.ts'
import { reduce } from './reduce.ts'

const FEATURES = {
  tail_call: true, extended_const: true, simd: true, multi_value: true, bulk_memory: true, reference_types: true,
}

/** Minimises what a case found and writes it to a folder of its own. Gives the folder. */
export async function writeFinding(
  fuzzCase: FuzzCase, mismatch: Mismatch, field: Field, folder: string, reduceMs: number,
): Promise<string> {
  const fails = async (bytes: Uint8Array, scenario = fuzzCase.scenario): Promise<boolean> =>
    await differenceOf(bytes, { ...fuzzCase, scenario }, field, mismatch.comparison) !== undefined
  const scenario = await shortened(fuzzCase, fails)
  const module = await reduce(fuzzCase.module, bytes => fails(bytes, scenario), reduceMs)
  const bytes = encodeIr(module)
  const difference = await differenceOf(bytes, { ...fuzzCase, scenario }, field, mismatch.comparison)
  const to = join(folder, `seed-${fuzzCase.seed}`)
  mkdirSync(to, { recursive: true })
  writeFileSync(join(to, 'whole.wasm'), fuzzCase.bytes)
  writeFileSync(join(to, 'reduced.wasm'), bytes)
  writeFileSync(join(to, 'reduced.wat'), await textOf(bytes))
  const { seed, source } = fuzzCase
  const report = { seed, source, ...mismatch, reduced: { scenario, difference, bytes: bytes.length } }
  writeFileSync(join(to, 'finding.json'), `${JSON.stringify(report, undefined, 2)}\n`)
  return to
}

/** Fewer events, as long as it fails. */
async function shortened(
  { bytes, scenario }: FuzzCase, fails: (bytes: Uint8Array, scenario: FuzzCase['scenario']) => Promise<boolean>,
): Promise<FuzzCase['scenario']> {
  for (let events = 0; events < scenario.events; events++) {
    const shorter = { ...scenario, events }
    if (await fails(bytes, shorter)) return shorter
  }
  return scenario
}

async function textOf(bytes: Uint8Array): Promise<string> {
  const { readWasm } = await wabt()
  try {
    const module = readWasm(bytes, FEATURES)
    const text = module.toText({ foldExprs: false, inlineExport: false })
    module.destroy()
    return text
  } catch (error) {
    return `;; no text: ${(error as Error).message}\n`
  }
}
