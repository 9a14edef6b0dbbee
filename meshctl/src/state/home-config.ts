/** `config.toml` of a home: which node speaks for her, and what her federation is called. */
import { readFile } from 'node:fs/promises'
import { isMissing } from '@planetary-mesh/peer'
import { Refusal } from '@planetary-mesh/spec'
import { parse, stringify } from 'smol-toml'
import { UsageError } from '../cli/errors.ts'
import { configFile } from './places.ts'

export type HomeConfig = {
  /** The node that commands ask unless `--node` says another. */
  node: string
  /** The federation's name, for people. */
  federation: string
}

const KEYS = ['node', 'federation'] as const

/** Refuses HOME_MISSING; what is no such file is a usage error that names the key. */
export async function readHomeConfig(home: string): Promise<HomeConfig> {
  const path = configFile(home)
  const text = await readFile(path, 'utf8').catch((thrown) => {
    if (!isMissing(thrown)) throw thrown
    throw new Refusal('HOME_MISSING', `there is no ${path}`)
  })
  const table = tableIn(text, path)
  for (const key of KEYS) {
    if (typeof table[key] !== 'string' || table[key] === '') {
      throw new UsageError(`${path}: '${key}' must be a text in quotes`, `write ${key} = "…"`)
    }
  }
  const strange = Object.keys(table).find((key) => !(KEYS as readonly string[]).includes(key))
  if (strange !== undefined) {
    throw new UsageError(`${path}: there is no setting '${strange}'`, `use ${KEYS.join(', ')}`)
  }
  return table as HomeConfig
}

export const homeConfigText = (config: HomeConfig) => `${stringify(config)}`

function tableIn(text: string, path: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch (thrown) {
    const [sentence = ''] = String(Object(thrown).message).split('\n')
    throw new UsageError(`${path}: ${sentence}`, 'write it as TOML')
  }
}
