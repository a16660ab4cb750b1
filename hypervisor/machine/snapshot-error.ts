/** A snapshot that can't be read, or is not one of this image: what and where, in one line. Nothing of it may be used. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError'
}
