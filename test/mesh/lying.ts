/** A machine that decides as it should and then says something else: lies as wrapped roles. */
import type { Effect, Env, Event, Role, RoleName } from '@planetary-mesh/spec'
import type { ReplaceRoles } from './machines.ts'

/** What the role really does: its effects, or others in their place. Its state stays honest. */
export type Change = (effects: Effect[], event: Event, env: Env) => Effect[]

/** One role of one machine, and everybody else as they are. */
export const lying =
  (machine: string, name: RoleName, change: Change): ReplaceRoles =>
  (at, roles) =>
    at === machine
      ? roles.map((role) => (role.name === name ? changed(role, change) : role))
      : roles

/** A machine without one of its roles: it is away, or never answers. */
export const without =
  (machines: readonly string[], name: RoleName): ReplaceRoles =>
  (at, roles) =>
    machines.includes(at) ? roles.filter((role) => role.name !== name) : roles

function changed(role: Role, change: Change): Role {
  return {
    ...role,
    step(state, event, env) {
      const done = role.step(state, event, env)
      return { ...done, effects: change(done.effects, event, env) }
    },
  }
}
