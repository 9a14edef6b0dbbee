/** What a bin brings: its roles, made from the owner's configuration, and its sandbox. */
import type { Charter, Policies, Role, RoleName, Sandbox } from '@planetary-mesh/spec'
import type { DaemonConfig } from './config.ts'

export type RoleGiven = {
  config: DaemonConfig
  /** The pinned genesis charter. */
  charter: Charter
  /** The runtime profile of the sandbox here. */
  profile: string
  policies: Policies
}

export type Program = {
  /** The name of the bin. */
  name: string
  version: string
  /** The roles it can serve; the configuration chooses among them. */
  roles: Partial<Record<RoleName, (given: RoleGiven) => Role>>
  profile: string
  openSandbox(options: { slots: number; cacheFolder?: string }): Promise<Sandbox>
  /** What policies written in CCL are asked through. */
  openPolicies(): Policies
  /** Flags of its own, for tests: each makes another program of it. */
  switches?: Record<string, (program: Program) => Program>
}
