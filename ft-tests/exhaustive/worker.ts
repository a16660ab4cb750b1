/** One thread's share of a sweep. */
import { parentPort, workerData } from 'node:worker_threads'
import { kvGuest } from './kv-guest.ts'
import { sweep, type SweepCount, type SweepOptions } from './sweep.ts'

export type WorkerOrder = Omit<SweepOptions, 'guest' | 'onPoint'>
/** Without a count: one more place is done. */
export type FromWorker = { readonly count?: SweepCount }

const tell = (message: FromWorker): void => parentPort!.postMessage(message)

tell({ count: await sweep({ ...(workerData as WorkerOrder), guest: await kvGuest(), onPoint: () => tell({}) }) })
