import { OP } from '../wasm/opcodes.ts'
import { BLOCK_VOID } from './body-emitter.ts'
import type { SmallLoop } from './loops.ts'
import type { BodyRewriter } from './rewrite-code.ts'
import type { TickCode } from './ticks.ts'

/**
 * Writes a small loop twice. While enough ticks are left for a round, the unrolled copy runs and counts when it begins another
 * round or is left. The last few ticks are counted by the plain copy, so that the hook is called at exactly the right one.
 * With four bodies:
 *
 *     block $done
 *       loop $plain
 *         block $few
 *           loop $fast
 *             br_if $few (fewer than 4 ticks left)
 *             block (body: a branch to the loop goes on behind the block) count 1; br $done end
 *             block (body) count 2; br $done end
 *             block (body) count 3; br $done end
 *             block (body) count 4; br $done end
 *             count 4; br $fast
 *           end
 *         end
 *         tick
 *         body
 *       end
 *     end
 */
export function unroll(rewriter: BodyRewriter, ticks: TickCode, loop: SmallLoop): void {
  const { out } = rewriter.emitter
  const silent = ticks.silent || !loop.traps
  const open = (opcode: number, blockType: number): void => {
    out.u8(opcode)
    if (blockType < 0) out.u8(blockType + 128)
    else out.signed(blockType)
  }
  open(OP.block, loop.blockType)
  open(OP.loop, loop.blockType)
  out.u8(OP.block).u8(BLOCK_VOID).u8(OP.loop).u8(BLOCK_VOID)
  ticks.leaveIfFewerThan(loop.copies, 1)
  for (let copy = 1; copy <= loop.copies; copy++) {
    out.u8(OP.block).u8(BLOCK_VOID)
    rewriter.writeCopy({ loop, uncounted: copy, extraLabels: 4 })
    out.u8(OP.br).u32(4).u8(OP.end)
  }
  ticks.add(-loop.copies, silent)
  out.u8(OP.br).u32(0).u8(OP.end).u8(OP.end)
  ticks.tick(silent)
  rewriter.writeCopy({ loop, uncounted: 0, extraLabels: 1 })
  out.u8(OP.end).u8(OP.end)
}
