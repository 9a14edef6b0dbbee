/** The roles of a mesh node: home carries jobs for people, executor runs them. */
export { executorRole } from './executor/role.ts'
export type { ExecutorConfig, ExecutorState } from './executor/state.ts'
export { homeRole } from './home/role.ts'
export type { HomeConfig, HomeState } from './home/state.ts'
