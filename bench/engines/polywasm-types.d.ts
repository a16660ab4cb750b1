/** The part of polywasm that is used; the package has no types. */
declare module 'polywasm' {
  export const WebAssembly: {
    instantiate(bytes: ArrayBuffer, imports: object): Promise<{ readonly instance: { readonly exports: object } }>
  }
}
