/** The strongly connected components of a directed graph. */
export interface Components {
  /** Every node, successors before predecessors (but for those of one component, which stand together). */
  readonly order: readonly number[]
  /** The component of each node. */
  readonly component: Int32Array
  /** Nodes in each component. */
  readonly size: readonly number[]
}

const UNSEEN = -1

/** Tarjan's algorithm, with a stack of its own: call graphs are deep. `edges[n]` are the successors of node n. */
export function componentsOf(edges: readonly (readonly number[])[]): Components {
  const count = edges.length
  const index = new Int32Array(count).fill(UNSEEN)
  const low = new Int32Array(count)
  const cursor = new Int32Array(count)
  const component = new Int32Array(count).fill(UNSEEN)
  const size: number[] = []
  const order: number[] = []
  const open: number[] = []
  const path: number[] = []
  let next = 0

  const visit = (node: number): void => {
    index[node] = low[node] = next++
    open.push(node)
    path.push(node)
  }
  const leave = (node: number): void => {
    path.pop()
    if (path.length > 0) low[path[path.length - 1]] = Math.min(low[path[path.length - 1]], low[node])
    if (low[node] !== index[node]) return
    size.push(0)
    for (let member = UNSEEN; member !== node;) {
      member = open.pop() as number
      component[member] = size.length - 1
      size[size.length - 1]++
      order.push(member)
    }
  }

  for (let root = 0; root < count; root++) {
    if (index[root] === UNSEEN) visit(root)
    while (path.length > 0) {
      const node = path[path.length - 1]
      if (cursor[node] === edges[node].length) {
        leave(node)
        continue
      }
      const successor = edges[node][cursor[node]++]
      if (index[successor] === UNSEEN) visit(successor)
      else if (component[successor] === UNSEEN) low[node] = Math.min(low[node], index[successor])
    }
  }
  return { order, component, size }
}
