/** `meshctl new job`: a folder with a small program, and what builds it, to begin from. */

import { existsSync } from 'node:fs'
import { cp, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Language } from '../ccl/new-command.ts'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { print, printJson, quoted } from '../cli/terminal.ts'
import { writeError } from '../files/host-errors.ts'
import { makeFolder } from '../files/make-folder.ts'

/** The templates by the word that people say, and what builds them. */
const TEMPLATES: Record<Language, { folder: string; build: readonly string[] }> = {
  c: { folder: 'c', build: ['sh build.sh'] },
  as: { folder: 'assemblyscript', build: ['npm install', 'npm run build'] },
  js: { folder: 'javascript', build: ['npm install', 'npm run build'] },
}

/** What building leaves behind is no part of a template. */
const MADE = ['build', 'node_modules', 'package-lock.json']

/** Copies a template to `folder`. A folder that is there already is left alone: usage. */
export async function newJob(
  folder: string,
  options: { lang: Language; json?: true },
): Promise<Exit> {
  const template = TEMPLATES[options.lang]
  const from = templateFolder(template.folder)
  if (existsSync(folder)) {
    throw new UsageError(`'${folder}' is there already`, 'name a folder that is not')
  }
  try {
    await makeFolder(dirname(folder))
    await mkdir(folder)
  } catch (thrown) {
    throw writeError(folder, thrown)
  }
  const names = (await readdir(from)).filter((name) => !MADE.includes(name)).sort()
  for (const name of names) await cp(join(from, name), join(folder, name), { recursive: true })
  const next = [
    // to `cd` a name that begins with a dash is an option
    `cd ${quoted(folder.startsWith('-') ? `./${folder}` : folder)}`,
    ...template.build,
    'npx meshctl run build/job.wasm --input README.md README.md',
  ]
  if (options.json) printJson({ folder, lang: options.lang, files: names, next })
  else print(`${folder}: ${names.join(', ')}\nnext:\n${next.map((line) => `  ${line}\n`).join('')}`)
  return EXIT.done
}

/** As installed beside the program, or in the checkout. */
function templateFolder(name: string): string {
  const installed = dirname(import.meta.dirname)
  const places = [installed, dirname(dirname(installed))]
  const found = places
    .map((place) => join(place, 'examples', 'guests', name))
    .find((place) => existsSync(place))
  if (found === undefined) throw new UsageError('the templates are not installed')
  return found
}
