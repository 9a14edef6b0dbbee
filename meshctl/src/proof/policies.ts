/** How this reader asks rules written in CCL: those of a charter, and those of a job's choice. */
import { openPolicies } from '@planetary-mesh/runtime'

export const policies = openPolicies()
