/** What a key can hold. */
import { Dict, NO_NODE, Node, freeDict, freeNode } from './dict'
import { List, freeList } from './list'
import { Str, dropStr } from './str'

export namespace Type {
  export const STRING: u8 = 0
  export const LIST: u8 = 1
  export const SET: u8 = 2
  export const HASH: u8 = 3
}

/** Frees a value of this type. */
export function freeValue(type: u8, value: usize): void {
  if (type == Type.STRING) dropStr(changetype<Str>(value))
  else if (type == Type.LIST) freeList(changetype<List>(value))
  else freeMembers(changetype<Dict>(value))
}

function freeMembers(members: Dict): void {
  freeChains(members.buckets, members.size)
  if (members.target != 0) freeChains(members.target, members.targetSize)
  freeDict(members)
}

function freeChains(buckets: usize, size: u32): void {
  for (let i: u32 = 0; i < size; i++) {
    let node = load<Node>(buckets + (i << 2))
    while (node != NO_NODE) {
      const next = node.next
      if (node.value != 0) dropStr(changetype<Str>(node.value))
      freeNode(node)
      node = next
    }
  }
}
