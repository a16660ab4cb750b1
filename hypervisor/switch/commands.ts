/** What the switch core wants done, to be performed in the order listed. */
import type { SwitchClient } from './client.ts'
import type { SwitchLink } from './link.ts'
import type { FromSwitch } from './messages.ts'

/** For the log: what a person wants to know of the switch's life. */
export type SwitchReport =
  | {
      readonly kind: 'attached'
      readonly term: number
      readonly replica: string
      readonly fresh: boolean
      readonly inputsResent: number
    }
  /** The end of what a new primary repeated: so much of it had reached the clients already. */
  | { readonly kind: 'duplicatesDropped'; readonly term: number; readonly outputs: number; readonly bytes: number }
  | { readonly kind: 'refused'; readonly term: number; readonly replica: string; readonly reason: string }
  /** The attached link is gone; clients are held until another attaches. */
  | { readonly kind: 'detached'; readonly term: number; readonly replica: string; readonly reason: string }
  | { readonly kind: 'linkError'; readonly replica: string; readonly reason: string }

export type SwitchCommand =
  /** All bytes for one client of one turn: worth one write. */
  | { readonly kind: 'write'; readonly client: SwitchClient; readonly chunks: readonly Uint8Array[] }
  /** Half-close, after everything written. */
  | { readonly kind: 'end'; readonly client: SwitchClient }
  /** Reset the connection at once; what is unwritten is lost. */
  | { readonly kind: 'reset'; readonly client: SwitchClient }
  | { readonly kind: 'pause'; readonly client: SwitchClient }
  | { readonly kind: 'resume'; readonly client: SwitchClient }
  /** Connect out for the guest; set `client.handle`. */
  | { readonly kind: 'connect'; readonly client: SwitchClient; readonly host: string; readonly port: number }
  /** The guest listens on its port `port`. */
  | { readonly kind: 'listen'; readonly port: number }
  | { readonly kind: 'send'; readonly link: SwitchLink; readonly messages: readonly FromSwitch[] }
  /** Close after what was sent; whatever still comes from it is ignored. */
  | { readonly kind: 'closeLink'; readonly link: SwitchLink }
  | { readonly kind: 'console'; readonly bytes: Uint8Array }
  | { readonly kind: 'pauseConsole' }
  | { readonly kind: 'resumeConsole' }
  | { readonly kind: 'powerOff'; readonly code: number }
  /** The machine has ended, and what it sent is written: nobody will serve these clients again. */
  | { readonly kind: 'farewell'; readonly reason: string }
  | { readonly kind: 'report'; readonly report: SwitchReport }
