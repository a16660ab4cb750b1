/** Counters that INFO reports. */
export class STAT {
  static expiredKeys: u64 = 0
  static commands: u64 = 0
  static connections: u64 = 0
  static bytesIn: u64 = 0
  static bytesOut: u64 = 0
  static hits: u64 = 0
  static misses: u64 = 0
}
