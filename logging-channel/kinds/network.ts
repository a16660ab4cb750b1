/** Entries of the network device: what the switch delivered. */
import { Parser } from 'binary-parser'
import { Kind } from '../entries.ts'
import type { NetConnectedEntry, NetDataEntry, NetEndEntry, NetOpenEntry, NetResetEntry, NetWindowEntry } from '../entries.ts'
import { textBytes } from '../byte-writer.ts'
import { bytes, text } from '../fields.ts'
import type { EntryCodec } from './codec.ts'

export const netOpen: EntryCodec<NetOpenEntry> = {
  kind: Kind.netOpen,
  name: 'netOpen',
  need: 'required',
  bytes: entry => 10 + textBytes(entry.peer),
  encode(entry, out) {
    out.u32(entry.conn, 'netOpen.conn')
    out.u16(entry.port, 'netOpen.port')
    out.text(entry.peer)
  },
  parser: text(new Parser().uint32le('conn').uint16le('port'), 'peer')
}

export const netData: EntryCodec<NetDataEntry> = {
  kind: Kind.netData,
  name: 'netData',
  need: 'required',
  bytes: entry => 8 + entry.bytes.length,
  encode(entry, out) {
    out.u32(entry.conn, 'netData.conn')
    out.bytes(entry.bytes)
  },
  parser: bytes(new Parser().uint32le('conn'), 'bytes')
}

export const netWindow: EntryCodec<NetWindowEntry> = {
  kind: Kind.netWindow,
  name: 'netWindow',
  need: 'required',
  bytes: () => 8,
  encode(entry, out) {
    out.u32(entry.conn, 'netWindow.conn')
    out.u32(entry.bytes, 'netWindow.bytes')
  },
  parser: new Parser().uint32le('conn').uint32le('bytes')
}

export const netEnd = connectionOnly<NetEndEntry>(Kind.netEnd, 'netEnd')
export const netReset = connectionOnly<NetResetEntry>(Kind.netReset, 'netReset')
export const netConnected = connectionOnly<NetConnectedEntry>(Kind.netConnected, 'netConnected')

function connectionOnly<Entry extends NetEndEntry | NetResetEntry | NetConnectedEntry>(
  kind: Entry['kind'],
  name: string
): EntryCodec<Entry> {
  return {
    kind,
    name,
    need: 'required',
    bytes: () => 4,
    encode(entry, out) {
      out.u32(entry.conn, `${name}.conn`)
    },
    parser: new Parser().uint32le('conn')
  }
}
