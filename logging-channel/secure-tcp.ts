/**
 * Sockets between ft-run's own processes: plain TCP, or with a key TLS 1.3 (RFC 8446) where both sides prove that they hold it.
 * One side with a key never talks to one without: there is no version and no plain text to fall back to.
 */
import { hkdfSync } from 'node:crypto'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'

/** What a link is for; a key for one purpose or machine is worthless for another. */
export type LinkPurpose = 'channel' | 'switch'

/** A pre-shared key as TLS takes it. */
export type LinkKey = { readonly identity: string; readonly secret: Uint8Array }

/** Bytes of the secret that all processes of a virtual machine share. */
export const SHARED_SECRET_BYTES = 32
/** A stranger who connects and says nothing is dropped after this long. */
const HANDSHAKE_TIMEOUT_MS = 5000
/** Strangers can't take more of the host than this; a machine has a few replicas. */
const CONNECTIONS_MAX = 64
/** Key agreement is always ephemeral in TLS 1.3: a key that leaks later opens no recorded traffic. */
const TLS = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256' } as const

/** Derives the key of one link from the shared secret (HKDF, RFC 5869). */
export function deriveLinkKey(sharedSecret: Uint8Array, purpose: LinkPurpose, vm: string): LinkKey {
  const identity = `ft-run/1 ${purpose} ${vm}`
  return { identity, secret: new Uint8Array(hkdfSync('sha256', sharedSecret, 'ft-run link key', identity, SHARED_SECRET_BYTES)) }
}

/** Starts connecting. `onReady` once the peer is there and, with a key, has proven itself; a failure before is an `error` event. */
export function openSocket(
  { host, port }: { readonly host: string; readonly port: number }, key: LinkKey | undefined, onReady: () => void,
): Socket {
  if (key === undefined) return connect({ host, port, noDelay: true }, onReady)
  return connectTls({
    ...TLS, host, port, pskCallback: () => ({ psk: key.secret, identity: key.identity }),
    // The peer is known by the key, not by a certificate.
    checkServerIdentity: () => undefined
  }, onReady).setNoDelay(true)
}

export type SocketServerOptions = {
  readonly allowHalfOpen: boolean
  readonly key: LinkKey | undefined
  readonly onSocket: (socket: Socket) => void
  /** Someone connected who is no peer of ours. */
  readonly onRefused: (address: string, reason: string) => void
}

/** A server, not yet listening, of sockets whose peers have proven that they hold the key, if there is one. */
export function createSocketServer({ allowHalfOpen, key, onSocket, onRefused }: SocketServerOptions): Server {
  if (key === undefined) return createServer({ allowHalfOpen, noDelay: true }, onSocket)
  const server = createTlsServer({
    ...TLS, allowHalfOpen, noDelay: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    pskCallback: (_socket, identity) => (identity === key.identity ? key.secret : null)
  }, onSocket)
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    onRefused(socket.remoteAddress ?? 'an unknown address', refusal(error))
    socket.destroy()
  })
  server.maxConnections = CONNECTIONS_MAX
  return server
}

/** Says what a failed handshake means; undefined if the error is of another kind. */
export function explainHandshake(error: NodeJS.ErrnoException): string | undefined {
  if (error.code === 'ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR') return 'it holds another key'
  if (error.code === 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE') return 'its key is for another virtual machine or purpose'
  if (error.code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'it has no key (--key)'
  return isTlsError(error) ? 'the key exchange failed' : undefined
}

function refusal(error: NodeJS.ErrnoException): string {
  if (error.code === 'ERR_SSL_BINDER_DOES_NOT_VERIFY') return 'wrong key'
  if (error.code === 'ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM') return 'no key, or one for another virtual machine or purpose'
  if (error.code === 'ERR_SSL_UNSUPPORTED_PROTOCOL') return 'an old version of TLS'
  if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'no handshake in time'
  return isTlsError(error) ? 'no proper handshake' : `it went away during the handshake (${error.code ?? error.message})`
}

function isTlsError({ code }: NodeJS.ErrnoException): boolean {
  return code?.startsWith('ERR_SSL') === true
}
