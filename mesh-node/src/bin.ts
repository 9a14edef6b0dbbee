/** The daemon of a mesh node: its roles with what the owner set, over the ports of the machine. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type DaemonConfig, parseHours } from '@planetary-mesh/peer'
import { type Program, runDaemon } from '@planetary-mesh/peer/network'
import { availableProfile, openPolicies, openSandbox } from '@planetary-mesh/runtime'
import { assert, type Role, signerFromSeed } from '@planetary-mesh/spec'
import { executorRole } from './executor/role.ts'
import type { ExecutorConfig } from './executor/state.ts'
import { homeRole } from './home/role.ts'
import type { HomeConfig } from './home/state.ts'

/** WebAssembly pages of 64 KiB. */
const PAGES_PER_MIB = 16

const program: Program = {
  name: 'mesh-node',
  version: JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version,
  roles: {
    home: ({ config }) => homeRole(homeConfig(config)) as Role,
    executor: ({ config, profile }) => executorRole(executorConfig(config, profile)) as Role,
  },
  profile: availableProfile(),
  openSandbox,
  openPolicies,
  switches: {
    'seal-receipts-with-another-key': (honest) => {
      const { executor } = honest.roles
      assert(executor !== undefined, 'a mesh node may be an executor')
      return { ...honest, roles: { ...honest.roles, executor: (given) => lying(executor(given)) } }
    },
  },
}

/** A test switch: what a run came to is sealed by a key that nobody knows. */
function lying(role: Role): Role {
  const stranger = signerFromSeed(randomBytes(32))
  return {
    ...role,
    step: (state, event, env) =>
      role.step(state, event, event.type === 'ran' ? { ...env, self: stranger } : env),
  }
}

function homeConfig({ timing }: DaemonConfig): HomeConfig {
  return {
    bidWindowMs: timing.bid_window_ms,
    rebidMs: timing.rebid_ms,
    resendMs: timing.resend_ms,
    adoptMs: timing.adopt_ms,
    submitTries: timing.submit_tries,
  }
}

function executorConfig({ limits, price, timing }: DaemonConfig, profile: string): ExecutorConfig {
  const hours = limits.hours === undefined ? undefined : parseHours(limits.hours)
  return {
    slots: limits.slots,
    memoryPages: limits.memory_mib * PAGES_PER_MIB,
    cores: limits.cores,
    scopes: limits.scopes,
    location: price.location,
    pricePpm: price.ppm,
    fuelPerMs: price.fuel_per_ms,
    profile,
    bidValidMs: timing.bid_valid_ms,
    resendMs: timing.resend_ms,
    advertMs: timing.advert_ms,
    ...(hours === undefined ? {} : { hours }),
  }
}

process.exit(await runDaemon(program, process.argv.slice(2)))
