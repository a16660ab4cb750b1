/** What a replica can run its guest on; apart from the engines, so that a command line can name them without loading them. */
export const engineNames = ['v8', 'interpreter'] as const
export type EngineName = (typeof engineNames)[number]
