/** What a replica holds of the network switch, be it in another process or in its own. */
import type { FromSwitch, ToSwitch } from '../../switch/messages.ts'

export interface SwitchPort {
  /** Sends at once; join the messages of a turn in one call. After close it does nothing. */
  send(messages: readonly ToSwitch[]): void
  /** Set it before the first attach is sent. Data bytes are views into larger buffers: copy what is kept for long. */
  onMessages: (messages: readonly FromSwitch[]) => void
  /** Called once when the link is lost or refused, not after `close()`; `reason` is one line. */
  onClose: (reason: string) => void
  close(): void
}

/** A TCP address; port 0 asks for any free port. */
export type Address = { readonly host: string; readonly port: number }

/** `host:port`, IPv6 in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
