/** The sandbox: untrusted WebAssembly, metered exactly, reproducible to the bit. */
export { type AdmitOptions, type Admitted, admit } from './admission/admit.ts'
export { RUNTIME_PROFILE } from './admission/profile.ts'
export { evaluate } from './evaluate.ts'
export { openSandbox } from './slot/open-sandbox.ts'
export { runInProcess } from './slot/run-in-process.ts'
