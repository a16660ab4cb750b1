// binary-parser ships types, but its `exports` map hides them from ES module imports.
declare module 'binary-parser' {
  export { Parser } from 'binary-parser/dist/binary_parser.js'
}
