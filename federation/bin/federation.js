#!/usr/bin/env node
/** The daemon people start: from source in a checkout, from dist in an installed package. */
import { existsSync } from 'node:fs'
import { startDaemon } from '@planetary-mesh/peer/start-daemon'

const isCheckout = existsSync(new URL('../src/bin.ts', import.meta.url))

await startDaemon({
  bin: import.meta.url,
  isCheckout,
  load: () => (isCheckout ? import('../src/bin.ts') : import('../dist/bin.js')),
})
