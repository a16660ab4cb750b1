import { leave, mix, random, sow } from './guest'
export { ft_start } from './guest'

const TAPS = 32
const SAMPLES = 4096
const taps = memory.data(TAPS * 4)
const samples = memory.data((SAMPLES + TAPS) * 4)

/** A filter of 32 taps over `size` times 4096 samples: single-precision floats. */
export function run(size: i32): i32 {
  sow(7)
  for (let i = 0; i < TAPS; i++) store<f32>(taps + (i << 2), <f32>(<i32>(random() & 255) - 128) / 512)
  let sum: u32 = 0
  let peak: f32 = 0
  for (let round = 0; round < size; round++) {
    for (let i = 0; i < SAMPLES + TAPS; i++) store<f32>(samples + (i << 2), <f32>(<i32>(random() & 0xffff) - 0x8000) / 32768)
    for (let i = 0; i < SAMPLES; i++) {
      let value: f32 = 0
      for (let k = 0; k < TAPS; k++) value += load<f32>(samples + ((i + k) << 2)) * load<f32>(taps + (k << 2))
      peak = max<f32>(peak, abs<f32>(value))
      sum = mix(sum, reinterpret<u32>(value))
    }
  }
  return mix(sum, reinterpret<u32>(peak))
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
