/**
 * CRC-32 (IEEE 802.3, reflected polynomial 0xEDB88320), eight bytes a step. Pure twin of `zlib.crc32`, which
 * the host injects because it is several times faster.
 */

/** CRC-32 of `bytes`; `seed` is the result for the bytes before them (0: none). Results are from 0 to 2^32 - 1. */
export type Checksum = (bytes: Uint8Array, seed?: number) => number

const POLYNOMIAL = 0xedb88320
const SLICES = 8

/** Eight tables of 256: table s gives the effect of a byte that s further bytes follow. */
const tables = buildTables()

function buildTables(): Uint32Array {
  const built = new Uint32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    built[byte] = crc
  }
  for (let at = 256; at < built.length; at++) {
    const shorter = built[at - 256]
    built[at] = (shorter >>> 8) ^ built[shorter & 0xff]
  }
  return built
}

/** See `Checksum`. */
export function crc32(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed
  let at = 0
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    crc =
      tables[0x700 | (crc & 0xff)] ^
      tables[0x600 | ((crc >>> 8) & 0xff)] ^
      tables[0x500 | ((crc >>> 16) & 0xff)] ^
      tables[0x400 | (crc >>> 24)] ^
      tables[0x300 | bytes[at + 4]] ^
      tables[0x200 | bytes[at + 5]] ^
      tables[0x100 | bytes[at + 6]] ^
      tables[bytes[at + 7]]
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]) & 0xff]
  return ~crc >>> 0
}
