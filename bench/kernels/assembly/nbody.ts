import { leave, mixF64 } from './guest'
export { ft_start } from './guest'

const SOLAR_MASS = 4 * Math.PI * Math.PI
const DAYS = 365.24

class Body {
  constructor(
    public x: f64, public y: f64, public z: f64, public vx: f64, public vy: f64, public vz: f64, public mass: f64,
  ) {}
}

const bodies: StaticArray<Body> = [
  new Body(0, 0, 0, 0, 0, 0, 0), new Body(0, 0, 0, 0, 0, 0, 0), new Body(0, 0, 0, 0, 0, 0, 0),
  new Body(0, 0, 0, 0, 0, 0, 0), new Body(0, 0, 0, 0, 0, 0, 0),
]

function place(at: i32, x: f64, y: f64, z: f64, vx: f64, vy: f64, vz: f64, mass: f64): void {
  const body = bodies[at]
  body.x = x
  body.y = y
  body.z = z
  body.vx = vx * DAYS
  body.vy = vy * DAYS
  body.vz = vz * DAYS
  body.mass = mass * SOLAR_MASS
}

/** The sun and the four giant planets as they were; the sun moves so that the whole rests. */
function placeAll(): void {
  place(0, 0, 0, 0, 0, 0, 0, 1)
  place(1, 4.8414, -1.1603, -0.10362, 0.0016601, 0.0076991, -0.000069046, 0.00095479)
  place(2, 8.3434, 4.1248, -0.40352, -0.0027674, 0.0049985, 0.000023042, 0.00028589)
  place(3, 12.8944, -15.1112, -0.22331, 0.0029646, 0.0023785, -0.000029659, 0.000043662)
  place(4, 15.3797, -25.9193, 0.17926, 0.0026807, 0.0016282, -0.000095159, 0.000051514)
  const sun = bodies[0]
  for (let i = 1; i < 5; i++) {
    const body = bodies[i]
    sun.vx -= body.vx * body.mass / SOLAR_MASS
    sun.vy -= body.vy * body.mass / SOLAR_MASS
    sun.vz -= body.vz * body.mass / SOLAR_MASS
  }
}

function advance(dt: f64): void {
  for (let i = 0; i < 5; i++) {
    const a = bodies[i]
    for (let j = i + 1; j < 5; j++) {
      const b = bodies[j]
      const dx = a.x - b.x
      const dy = a.y - b.y
      const dz = a.z - b.z
      const square = dx * dx + dy * dy + dz * dz
      const pull = dt / (square * Math.sqrt(square))
      a.vx -= dx * b.mass * pull
      a.vy -= dy * b.mass * pull
      a.vz -= dz * b.mass * pull
      b.vx += dx * a.mass * pull
      b.vy += dy * a.mass * pull
      b.vz += dz * a.mass * pull
    }
  }
  for (let i = 0; i < 5; i++) {
    const body = bodies[i]
    body.x += dt * body.vx
    body.y += dt * body.vy
    body.z += dt * body.vz
  }
}

/** `size` steps of five bodies under gravity. */
export function run(size: i32): i32 {
  placeAll()
  for (let i = 0; i < size; i++) advance(0.01)
  let sum: u32 = 0
  for (let i = 0; i < 5; i++) sum = mixF64(mixF64(mixF64(sum, bodies[i].x), bodies[i].y), bodies[i].vz)
  return sum
}

export function ft_interrupt(size: i32): void { leave(run(size)) }
