/**
 * Tests that need something the machine may lack. Without it they say so and end; with FT_REQUIRE_ALL=1, as in CI,
 * they fail instead, so that nothing is skipped in silence.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

type Context = { log(...values: unknown[]): void; fail(message?: string): unknown; pass(message?: string): unknown }

/** Whether `condition` holds; if not, the test is to return at once. `what` says what is missing and how to get it. */
export function requireThat(t: Context, condition: boolean, what: string): boolean {
  if (condition) return true
  if (process.env['FT_REQUIRE_ALL'] === '1') t.fail(`FT_REQUIRE_ALL is set, and this test needs ${what}`)
  else {
    t.log(`SKIPPED: needs ${what}`)
    t.pass()
  }
  return false
}

/** Whether a program is on the PATH; see `requireThat`. */
export function requireTool(t: Context, tool: string): boolean {
  return requireThat(t, isOnPath(tool), `the program ${tool}`)
}

/** The same for a program of the system's own folders: npm's may have another of that name. */
export function requireSystemTool(t: Context, tool: string): boolean {
  return requireThat(t, ['/usr/sbin', '/sbin', '/usr/bin'].some((folder) => existsSync(join(folder, tool))), `the program ${tool}`)
}

/** Whether this process may make network namespaces. */
export function requireNamespaces(t: Context): boolean {
  return requireTool(t, 'ip') && requireThat(t, mayMakeNamespaces(), 'the right to make network namespaces (root)')
}

function isOnPath(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function mayMakeNamespaces(): boolean {
  const name = `ft-try-${process.pid}`
  const made = spawnSync('ip', ['netns', 'add', name]).status === 0
  if (made) spawnSync('ip', ['netns', 'delete', name])
  return made
}
