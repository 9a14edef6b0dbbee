/** The programs that are tried: the three that must run, and more that lean on the C library. */
import { awk } from './awk.ts'
import { bzip2 } from './bzip2.ts'
import { lua } from './lua.ts'
import { packers } from './packers.ts'
import type { Program } from './program.ts'
import { sqlite } from './sqlite.ts'
import { tcc } from './tcc.ts'
import { texts } from './texts.ts'

export const PROGRAMS: readonly Program[] = [bzip2, sqlite, lua, ...packers, ...texts, awk, tcc]
