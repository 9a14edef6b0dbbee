/** The corpus: all hostile guests, by what they try. */
import type { Guest } from './guest.ts'
import { FLOOD_GUESTS } from './guests/floods.ts'
import { GROWTH_GUESTS } from './guests/growth.ts'
import { IMPORT_GUESTS } from './guests/imports.ts'
import { NEIGHBOUR_GUESTS } from './guests/neighbours.ts'
import { PATH_GUESTS } from './guests/paths.ts'
import { PROBING_GUESTS } from './guests/probing.ts'
import { RECURSION_GUESTS } from './guests/recursion.ts'
import { SPINNING_GUESTS } from './guests/spinning.ts'
import { TERMINAL_GUESTS } from './guests/terminal.ts'
import { WAITING_GUESTS } from './guests/waiting.ts'

export const CORPUS: readonly Guest[] = [
  ...PATH_GUESTS,
  ...NEIGHBOUR_GUESTS,
  ...IMPORT_GUESTS,
  ...GROWTH_GUESTS,
  ...RECURSION_GUESTS,
  ...SPINNING_GUESTS,
  ...FLOOD_GUESTS,
  ...TERMINAL_GUESTS,
  ...PROBING_GUESTS,
  ...WAITING_GUESTS,
]
