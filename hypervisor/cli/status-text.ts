/** `ft-ctl status` for people. */
import type { ReplicaStatus } from '../ft/replica.ts'

export function statusText(answer: Readonly<Record<string, unknown>>): string {
  const { vm, address, primary, backup, machine } = answer as {
    vm: string; address: string; primary: { pid: number } | null; backup: { pid: number } | null; machine: ReplicaStatus | null
  }
  const unprotected = primary === null ? 'NOT SERVED: its primary has ended, and nobody has taken over yet' : 'UNPROTECTED'
  const state = answer['protected'] === true ? 'PROTECTED' : unprotected
  const lines = [
    `${vm} at ${address}: ${state}`,
    `primary  ${primary === null ? 'none' : `process ${primary.pid}`}${primary !== null && machine === null ? ', does not answer' : ''}`
  ]
  if (machine !== null) {
    const { phase, term, ticks, lastSeq, heldOutputs, restShare } = machine
    lines[1] += `, ${phase} in term ${term}, tick ${ticks}, entry ${lastSeq}, ${heldOutputs} outputs held`
    if (restShare > 0) lines[1] += `, slowed by ${Math.round(restShare * 100)} %`
  }
  lines.push(`backup   ${backup === null ? 'none' : `process ${backup.pid}`}`)
  for (const { peer, stage, entriesBehind, snapshotBytes, snapshotBytesDone, lagMs } of machine?.backups ?? []) {
    const snapshot = snapshotBytes > 0 ? `, has ${snapshotBytesDone} of ${snapshotBytes} bytes of the snapshot` : ''
    lines.push(`         ${peer}: ${stage}${snapshot}, ${entriesBehind} entries behind, execution lag ${lagMs.toFixed(1)} ms`)
  }
  return lines.join('\n')
}
