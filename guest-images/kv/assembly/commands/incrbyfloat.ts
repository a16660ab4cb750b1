/** INCRBYFLOAT */
import { arg, argLen } from '../arguments'
import { add, replaceValue } from '../database'
import { NO_NODE } from '../dict'
import { isWrongType, lookupArg } from '../errors'
import { LongDouble, add as addLongDouble, writeLongDouble } from '../long-double'
import { parseLongDouble } from '../long-double-parse'
import { bulkStr, error } from '../reply'
import { bytesOf, strFrom } from '../str'
import { Type } from '../value'
import { stringOf } from './strings'

const sum = changetype<LongDouble>(memory.data(16, 8))
const increment = changetype<LongDouble>(memory.data(16, 8))
const text = memory.data(5120)

export function incrbyfloat(): void {
  const node = lookupArg(1)
  if (isWrongType(node, Type.STRING)) return
  sum.mantissa = 0
  sum.negative = false
  sum.infinite = false
  if ((node != NO_NODE && !parseLongDouble(sum, bytesOf(stringOf(node)), stringOf(node).len)) ||
    !parseLongDouble(increment, arg(2), argLen(2))) {
    error('ERR value is not a valid float')
    return
  }
  addLongDouble(sum, increment)
  if (sum.infinite) {
    error('ERR increment would produce NaN or Infinity')
    return
  }
  const str = strFrom(text, <i32>(writeLongDouble(text, sum) - text))
  if (node == NO_NODE) add(arg(1), argLen(1), Type.STRING, changetype<usize>(str))
  else replaceValue(node, Type.STRING, changetype<usize>(str))
  bulkStr(str)
}
