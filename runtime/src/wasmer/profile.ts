/** Names what the fuel and outcome of this backend belong to: nothing that a verifier replays. */
export const WASMER_PROFILE = 'wasmer-wasi/1.2.2'
