/** meshctl for programs and tests: the command line, and the demo, as functions. */
export { runMeshctl } from './cli/program.ts'
export type { Tamper } from './demo/prove-demo.ts'
export { type DemoOptions, runDemo } from './demo/run-demo.ts'
export { type Federation, foundFederation } from './state/found-federation.ts'
