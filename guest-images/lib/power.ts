import * as ft from './ft'

/** Stops the machine, both replicas, for good, with an exit code. Doesn't return. */
export function off(code: i32): void {
  ft.power_off(code)
}
