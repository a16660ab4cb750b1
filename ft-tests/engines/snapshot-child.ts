/** A process that goes on from snapshots that others took: it has never run the guest before. Started by `elsewhere.ts`. */
import { setFlagsFromString } from 'node:v8'
import { V8_STACK_FLAGS } from '../../hypervisor/v8/stack-flags.ts'
import { continueFrom, sightsDigest, type Point } from './snapshot-points.ts'

for (const flag of V8_STACK_FLAGS) setFlagsFromString(flag)
process.on('message', ({ point, engine }: { point: Point; engine: string }) => {
  const answer = (text: string): void => void process.send!(text)
  continueFrom(point, engine).then((sights) => answer(sightsDigest(sights)), (error: Error) => answer(`failed: ${error.message}`))
})
