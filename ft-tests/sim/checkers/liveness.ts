/** Once nothing goes wrong any more, a surviving replica serves every client to the end, in bounded time. */
import { Checker } from '../checker.ts'
import type { Simulation } from '../simulation.ts'

export class Liveness extends Checker {
  readonly name = 'Liveness'

  override atEnd(sim: Simulation): void {
    this.#mustBeProtected(sim)
    const waiting = sim.clients.filter((client) => !client.isDone)
    if (waiting.length === 0 || sim.isPoweredOffEarly || sim.isFailedStart || sim.isServiceLost) return
    const replicas = sim.replicas.map((r) => `${r.name} ${describe(r)}`).join(', ')
    const first = waiting[0]!
    const progress = `${first.name} has ${first.reader.replies} of ${first.requests} replies`
    this.fail(`${waiting.length} clients are not served ${sim.patienceMs} ms after the last fault (${progress}; ${replicas})`)
  }

  /** Where new backups are started, the service ends up protected. */
  #mustBeProtected(sim: Simulation): void {
    if (!sim.options.reprotects || sim.isPoweredOffEarly || sim.isPoweredOff) return
    if (sim.isFailedStart || sim.isServiceLost || sim.isProtected) return
    const replicas = sim.replicas.map((r) => `${r.name} ${describe(r)}`).join(', ')
    this.fail(`the service is not protected again ${sim.patienceMs} ms after the last fault (${replicas})`)
  }
}

function describe(replica: Simulation['replicas'][number]): string {
  if (replica.isDead) return 'is dead'
  if (replica.haltCode !== undefined) return `halted: ${replica.haltReason}`
  return `is ${replica.core.phase} in term ${replica.core.term}, ${JSON.stringify(replica.core.status())}`
}
