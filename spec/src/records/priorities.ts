/** How urgent a job is, the most urgent first (S1). */
export const PRIORITIES = ['critical', 'high', 'medium', 'low'] as const
