import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Point } from './snapshot-points.ts'

const program = fileURLToPath(new URL('./snapshot-child.ts', import.meta.url))

/** Another process, which goes on from points. */
export class Elsewhere {
  readonly #child: ChildProcess = fork(program, { serialization: 'advanced', execArgv: [] })

  /** The digest of what is seen there from the point on, or why it failed. One at a time. */
  continueFrom(point: Point, engine: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`the other process ended with ${code}`))
      this.#child.once('exit', ended)
      this.#child.once('message', (answer: string) => {
        this.#child.off('exit', ended)
        resolve(answer)
      })
      this.#child.send({ point, engine })
    })
  }

  end(): void {
    this.#child.disconnect()
  }
}
