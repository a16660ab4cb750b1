/** What can happen to the switch core. `turn` ends a batch: what the events before it made due goes out then. */
import type { SwitchClient } from './client.ts'
import type { SwitchLink } from './link.ts'
import type { ToSwitch } from './messages.ts'

export type SwitchEvent =
  /** `keepAck`: an output ack that would travel alone may wait for company, or for a turn without this. */
  | { readonly kind: 'turn'; readonly keepAck?: boolean }
  /** A socket was accepted for the guest's port `client.port`. */
  | { readonly kind: 'clientOpened'; readonly client: SwitchClient }
  /** An outgoing connection stands. (A failed one is `clientReset`.) */
  | { readonly kind: 'clientConnected'; readonly client: SwitchClient }
  /** `bytes` must not change afterwards. */
  | { readonly kind: 'clientData'; readonly client: SwitchClient; readonly bytes: Uint8Array }
  /** The peer ended its sending side. */
  | { readonly kind: 'clientEnded'; readonly client: SwitchClient }
  /** The kernel took `bytes` more of what was written to the client. */
  | { readonly kind: 'clientDrained'; readonly client: SwitchClient; readonly bytes: number }
  /** The connection broke, or could not be made. */
  | { readonly kind: 'clientReset'; readonly client: SwitchClient }
  /** Both sides ended and everything was written. */
  | { readonly kind: 'clientClosed'; readonly client: SwitchClient }
  | { readonly kind: 'consoleInput'; readonly bytes: Uint8Array }
  | { readonly kind: 'linkMessages'; readonly link: SwitchLink; readonly messages: readonly ToSwitch[] }
  /** `reason` is for a person. */
  | { readonly kind: 'linkClosed'; readonly link: SwitchLink; readonly reason: string }
