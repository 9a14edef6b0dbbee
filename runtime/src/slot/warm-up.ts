/**
 * What a process runs before its first job when there is time: a small module of ours that does a
 * little of what most guests do, so that a job does not pay for code that was never run.
 */
import type { RunInput } from '@planetary-mesh/spec/bare'

/** Far more than it takes, for its process may be made to stand still meanwhile. */
const WARM_UP_MS = 30_000

/** `test/slot/warm-up.wat`, as bytes in base64. */
const MODULE = [
  'AGFzbQEAAAABOghgAX8Bf2ACf38Bf2AEf39/fwF/YAR/fn9/AX9gA39/fwF/YAN/fn8Bf2AJf39/f39+fn9/AX9gAAAC',
  'vAMMFndhc2lfc25hcHNob3RfcHJldmlldzEOYXJnc19zaXplc19nZXQAARZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxCGFy',
  'Z3NfZ2V0AAEWd2FzaV9zbmFwc2hvdF9wcmV2aWV3MQ5mZF9wcmVzdGF0X2dldAABFndhc2lfc25hcHNob3RfcHJldmll',
  'dzEHZmRfcmVhZAACFndhc2lfc25hcHNob3RfcHJldmlldzEIZmRfd3JpdGUAAhZ3YXNpX3NuYXBzaG90X3ByZXZpZXcx',
  'B2ZkX3NlZWsAAxZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxDWZkX2Zkc3RhdF9nZXQAARZ3YXNpX3NuYXBzaG90X3ByZXZp',
  'ZXcxE2ZkX3ByZXN0YXRfZGlyX25hbWUABBZ3YXNpX3NuYXBzaG90X3ByZXZpZXcxCnJhbmRvbV9nZXQAARZ3YXNpX3Nu',
  'YXBzaG90X3ByZXZpZXcxCGZkX2Nsb3NlAAAWd2FzaV9zbmFwc2hvdF9wcmV2aWV3MQ5jbG9ja190aW1lX2dldAAFFndh',
  'c2lfc25hcHNob3RfcHJldmlldzEJcGF0aF9vcGVuAAYDBgUBAAAABwQEAXAAAQUDAQABBgYBfwFBAQsHEwIGbWVtb3J5',
  'AgAGX3N0YXJ0ABAJBwEAQQALAQ0KwwIFEgBBACAANgIAQQQgATYCAEEACxgAIABBAXEEfyAAQQNsQQFqBSAAQQJuCwsd',
  'AAJAAkAgAA4BAAELQQcPCyAArVAEQAALQQgMAAsRACAABH8gAEEBaxAPBUEACwvkAQIBfwF8QRBBFBAAGkGAAkGABBAB',
  'GkEDQSAQAhpBA0EgQQEQBxpBAUHgABAGGkEBQgBBAEHgABAFGkHgAEEIEAgaQQBAABpBgBBBwABBAxAPEA78CgAAQQIQ',
  'DhpBAEIBQSgQChpBAEGACEHAABAMQQFBCBADGgNAIwBBABEAACQAIAEgAC0AALigIQEgAEEBaiIAQeQASQ0AC0EDQQBB',
  'wABBCEEBQsAAQgBBAEEYEAsaQYAIIAE5AwBBGCgCAEGACEEIEAxBAUEIEAQaQRgoAgAQCRpBAUGAAUEFEAxBAUEIEAQa',
  'CwsaAgBBwAALCG91dC93YXJtAEGAAQsFd2FybQo=',
].join('')

/** The module and what it is given, under a memory limit of at least one page. */
export const warmUpInput = (memoryPagesMax: number): RunInput => ({
  module: Buffer.from(MODULE, 'base64'),
  args: ['warm'],
  env: [],
  stdin: Buffer.from('words'),
  files: [{ path: '/in/note', bytes: Buffer.from('a note') }],
  clockMs: 0,
  seed: new Uint8Array(32),
  limits: { fuelMax: 1_000_000, memoryPagesMax, outputBytesMax: 1000, wallMs: WARM_UP_MS },
})
