/** A worker of a campaign: runs the seeds that it is given, chunk by chunk. */
import { parentPort } from 'node:worker_threads'
import { newTally, runSeeds } from './campaign.ts'

parentPort!.on('message', ({ from, count }: { readonly from: number; readonly count: number }) => {
  const tally = newTally()
  runSeeds(from, count, tally)
  parentPort!.postMessage(tally)
})
