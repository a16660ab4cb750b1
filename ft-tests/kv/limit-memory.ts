/** The module with a maximum of pages in its memory section. */
export function limitMemory(module: Buffer<ArrayBuffer>, pagesMax: number): Buffer<ArrayBuffer> {
  for (let at = 8; at < module.length;) {
    const id = module[at]
    const size = readLeb(module, at + 1)
    const next = size.end + size.value
    if (id === 5) {
      const initial = readLeb(module, size.end + 2)
      const content = Buffer.from([1, 1, ...writeLeb(initial.value), ...writeLeb(pagesMax)])
      return Buffer.concat([module.subarray(0, at), Buffer.from([5, content.length]), content, module.subarray(next)])
    }
    at = next
  }
  throw new Error('the module has no memory section')
}

function readLeb(bytes: Buffer, at: number): { value: number, end: number } {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]
    value |= (byte & 127) << shift
    if (byte < 128) return { value, end: at }
  }
}

function writeLeb(value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, ...writeLeb(value >>> 7)]
}
