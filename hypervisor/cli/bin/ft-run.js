#!/usr/bin/env node
console.log(process.version, import.meta.url)
const {x}=await import('../t.ts'); console.log(x)
