/** Every planted defect by name, and one run of one of them in a thread of its own. */
import { Worker } from 'node:worker_threads'
import type { MutantResult } from './mutant-worker.ts'
import { mutants } from './mutants.ts'
import { sourceMutants } from './source-mutants.ts'

export const mutantNames: readonly string[] = [...Object.keys(mutants), ...Object.keys(sourceMutants)]

/** @throws if there is no such mutant, or if it fits no more */
export function runMutant(name: string, seedsMax: number): Promise<MutantResult> {
  if (!mutantNames.includes(name)) return Promise.reject(new Error(`no mutant ${name}; there are ${mutantNames.join(', ')}`))
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./mutant-worker.ts', import.meta.url), { workerData: { name, seedsMax } })
    worker.on('message', resolve)
    worker.on('error', reject)
  })
}
