/** redis-benchmark as the other load generator: C, and not ours. It can't send SET and WAIT as one request. */
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import type { GeneratorOptions, Measurement } from './load-generator.ts'

const CALIBRATION_REQUESTS = 2000

export const hasRedisBenchmark = (): boolean => spawnSync('redis-benchmark', ['--version']).status === 0

/** @throws Error for `set+wait`, and if redis-benchmark fails */
export async function redisBenchmark(options: GeneratorOptions): Promise<Measurement> {
  if (options.kind === 'set+wait') throw new Error('redis-benchmark cannot send SET and WAIT as one request')
  const { requestsPerSecond } = await run(options, CALIBRATION_REQUESTS)
  await run(options, Math.ceil((requestsPerSecond * options.warmUpMs) / 1000) + 1)
  return await run(options, Math.ceil((requestsPerSecond * options.measureMs) / 1000) + 1)
}

async function run({ host, port, connections, kind }: GeneratorOptions, requests: number): Promise<Measurement> {
  const where = ['-h', host, '-p', `${port}`, '-c', `${connections}`]
  const what = ['-n', `${requests}`, '-t', kind, '-d', '32', '-r', '1000', '--csv']
  const { stdout } = await promisify(execFile)('redis-benchmark', [...where, ...what])
  const numbers = (stdout.trim().split('\n').at(-1) as string).split(',').map((field) => Number(field.replaceAll('"', '')))
  const [, requestsPerSecond, , , p50Ms, , p99Ms] = numbers as [number, number, number, number, number, number, number]
  if (!(requestsPerSecond > 0)) throw new Error(`redis-benchmark said: ${stdout.trim()}`)
  return { requestsPerSecond, p50: p50Ms * 1000, p99: p99Ms * 1000, generatorBusy: null }
}
