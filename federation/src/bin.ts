/** The daemon of a federation member: log writer, witness and verifier, as its owner set them. */
import { readFileSync } from 'node:fs'
import { type Program, runDaemon } from '@planetary-mesh/peer/network'
import { availableProfile, openPolicies, openSandbox } from '@planetary-mesh/runtime'
import type { Role } from '@planetary-mesh/spec'
import { ledgerRole } from './ledger/role.ts'
import { verifierRole } from './verifier.ts'
import { witnessRole } from './witness.ts'

const program: Program = {
  name: 'federation',
  version: JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version,
  roles: {
    ledger: ({ config, charter, policies }) =>
      ledgerRole({ charter, batchMs: config.timing.batch_ms, policies }) as Role,
    witness: () => witnessRole() as Role,
    verifier: ({ config: { timing }, profile }) =>
      verifierRole({
        profile,
        resendMs: timing.resend_ms,
        missingMs: timing.missing_ms,
      }) as Role,
  },
  profile: availableProfile(),
  openSandbox,
  openPolicies,
}

process.exit(await runDaemon(program, process.argv.slice(2)))
