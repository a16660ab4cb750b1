/** Everything a guest needs: `import { network, timers, console } from '../../lib'`. See README.md. */
import * as args from './args'
import * as clock from './clock'
import * as console from './console'
import * as heap from './heap'
import * as network from './network'
import * as power from './power'
import * as random from './random'
import * as table from './table'
import * as timers from './timers'

export { args, clock, console, heap, network, power, random, table, timers }
export { Cause, Fault } from './causes'
