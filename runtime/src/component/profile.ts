/**
 * The profile of components: that of core modules and, after a `+`, the one thing more that their
 * fuel and outcome depend on: how they are taken apart and what leaving a core module costs.
 */
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { componentPackage } from './take-apart.ts'

/** Change jco's version or options, the glue, the interfaces or a price, and this changes too. */
export const COMPONENT_PROFILE = `${RUNTIME_PROFILE}+component/2`

/** What is run here: components only where their package is installed. */
export const availableProfile = (): string =>
  componentPackage() === undefined ? RUNTIME_PROFILE : COMPONENT_PROFILE
