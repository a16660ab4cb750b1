/**
 * How long a client hears nothing. The outage is the longest silence between two replies that begins before,
 * or soon after, the fault and ends after it; the baseline is the longest one of the second before it.
 */

/** A silence that begins later than this after the fault is put down to something else. */
export const SETTLE_MS = 250
export const BASELINE_MS = 1000

/** Times in milliseconds, arrivals rising. Infinity if no reply came after the fault. */
export function outageMs(arrivals: readonly number[], faultAt: number): number {
  if (arrivals.length === 0 || (arrivals.at(-1) as number) <= faultAt) return Infinity
  return longestSilence(arrivals, (begins, ends) => ends > faultAt && begins < faultAt + SETTLE_MS)
}

/** The longest silence just before the fault: what a client sees in normal running. */
export function baselineMs(arrivals: readonly number[], faultAt: number): number {
  return longestSilence(arrivals, (begins, ends) => begins >= faultAt - BASELINE_MS && ends <= faultAt)
}

function longestSilence(arrivals: readonly number[], counts: (begins: number, ends: number) => boolean): number {
  let longest = 0
  for (let i = 1; i < arrivals.length; i++) {
    const [begins, ends] = [arrivals[i - 1] as number, arrivals[i] as number]
    if (counts(begins, ends)) longest = Math.max(longest, ends - begins)
  }
  return longest
}
