/** A campaign over several threads; its result does not depend on how many. */
import { Worker } from 'node:worker_threads'
import { addTally, newTally, runSeeds, type Tally } from './campaign.ts'

const chunkSeeds = 20

/** @param onProgress after each chunk, with the sum so far */
export async function runCampaign(from: number, seeds: number, workers: number, onProgress: (tally: Tally) => void): Promise<Tally> {
  const sum = newTally()
  const chunks = chunksOf(from, seeds)
  if (workers > 1) {
    await Promise.all(Array.from({ length: Math.min(workers, chunks.length) }, () => work(chunks, sum, onProgress)))
    sum.violations.sort((a, b) => a.seed - b.seed)
    return sum
  }
  for (const chunk of chunks) {
    runSeeds(chunk.from, chunk.count, sum)
    onProgress(sum)
  }
  return sum
}

type Chunk = { readonly from: number; readonly count: number }

function chunksOf(from: number, seeds: number): Chunk[] {
  const starts = Array.from({ length: Math.ceil(seeds / chunkSeeds) }, (_, i) => i * chunkSeeds)
  return starts.map((start) => ({ from: from + start, count: Math.min(chunkSeeds, seeds - start) }))
}

function work(chunks: Chunk[], sum: Tally, onProgress: (tally: Tally) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./campaign-worker.ts', import.meta.url))
    const next = (): void => {
      const chunk = chunks.shift()
      if (chunk !== undefined) return worker.postMessage(chunk)
      void worker.terminate()
      resolve()
    }
    worker.on('message', (tally: Tally) => {
      addTally(sum, tally)
      onProgress(sum)
      next()
    })
    worker.on('error', reject)
    next()
  })
}
