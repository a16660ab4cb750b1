/** Runs spin over the model: the model itself must hold in every state, and every planted defect must be found. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const modelFile = fileURLToPath(new URL('./pair.pml', import.meta.url))
const memoryMegabytesMax = 2000
const depthMax = 20_000

export type Check = {
  /** The name of a planted defect, or empty. */
  readonly bug: string
  readonly states: number
  readonly transitions: number
  readonly depth: number
  /** The first violation in spin's words, or empty. */
  readonly violation: string
  readonly seconds: number
}

/** The defects that the model has ready, by name. */
export async function plantedBugs(): Promise<readonly string[]> {
  const text = await readFile(modelFile, 'utf8')
  const conditions = text.split('\n').filter((line) => /^#\s*(if|elif)/.test(line)).join('\n')
  return [...new Set(conditions.match(/\bBUG_[A-Z_]+/g))].sort()
}

/**
 * Explores every state of the model, or stops at the first violation.
 * @param definitions for the preprocessor, such as `ENTRIES=1`
 * @throws if a tool fails, or if the search was cut short without a violation
 */
export async function checkModel(bug: string, definitions: readonly string[] = []): Promise<Check> {
  const folder = await mkdtemp(join(tmpdir(), 'ft-model-'))
  try {
    const startedMs = performance.now()
    const flags = [...definitions, ...(bug === '' ? [] : [bug])].map((name) => `-D${name}`)
    await run(folder, 'spin', [...flags, '-a', modelFile])
    const limits = ['-DSAFETY', '-DCOLLAPSE', '-DVECTORSZ=1024', `-DMEMLIM=${memoryMegabytesMax}`]
    await run(folder, 'cc', ['-w', '-O1', ...limits, '-o', 'pan', 'pan.c'])
    const output = await run(folder, join(folder, 'pan'), [`-m${depthMax}`, '-w22'])
    return { bug, ...resultOf(output), seconds: (performance.now() - startedMs) / 1000 }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Looks for a planted defect: with the shortest logs first, where most are found at once. */
export async function findBug(bug: string): Promise<Check> {
  const small = await checkModel(bug, ['ENTRIES=1'])
  return small.violation === '' ? checkModel(bug) : small
}

function resultOf(output: string): Omit<Check, 'bug' | 'seconds'> {
  const violation = /^pan:\d+: (.*)$/m.exec(output)?.[1] ?? ''
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN)
  const states = number(/(\d+) states, stored/)
  const errors = number(/errors: (\d+)/)
  const isCutShort = /Search not completed|max search depth too small|out of memory/i.test(output)
  if (!(states > 0) || (violation === '') !== (errors === 0) || (isCutShort && violation === '')) {
    throw new Error(`spin did not finish: ${output.slice(-2000)}`)
  }
  return { violation, states, transitions: number(/([\d.e+]+) transitions/), depth: number(/depth reached (\d+)/) }
}

/** @returns what the program wrote to its standard output */
function run(cwd: string, program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (text) => (out += text))
    child.stderr.on('data', (text) => (err += text))
    child.on('error', (error) => reject(new Error(`${program} can not be run: ${error.message}`)))
    child.on('close', (code) => code === 0 ? resolve(out) : reject(new Error(`${program} ended with code ${code}: ${err}${out}`)))
  })
}
