/**
 * The log writer: it accepts an entry only if the fold of the log allows it, records it durably,
 * then answers. Batches of entries become anchors that everybody folds again. The writer can
 * stall but not lie: whoever reads recomputes every step. Source: protocol.md "The ledger".
 */
import type { Did, Effect, Env, Event, Message, Role, Step } from '@planetary-mesh/spec'
import { ownLog } from './adopt.ts'
import { closeBatch, forgetFolded, sendBehind } from './anchoring.ts'
import { answerAppend } from './answer-append.ts'
import { type Book, type LedgerConfig, openBook } from './book.ts'
import { cosigned } from './cosigned.ts'
import { restart } from './restart.ts'
import { settleDue } from './settling.ts'

export function ledgerRole(config: LedgerConfig): Role<Book> {
  return {
    name: 'ledger',
    init: () => openBook(config),
    step(book, event, env): Step<Book> {
      return { state: book, effects: react(book, event, env, config) }
    },
    notes: ({ cosigned }) => [...cosigned.values()],
    own: ownLog,
  }
}

function react(book: Book, event: Event, env: Env, config: LedgerConfig): Effect[] {
  switch (event.type) {
    case 'start':
      return restart(book, event.journal, env, config)
    case 'message':
      return heard(book, event.message, event.from, env, config)
    case 'timer':
      if (event.name === 'anchor') return closeBatch(book, env)
      return settleDue(book, event.name, env, config)
    case 'log':
      forgetFolded(book, env)
      return []
    case 'call':
    case 'ran':
      return []
  }
}

function heard(book: Book, message: Message, from: Did, env: Env, config: LedgerConfig): Effect[] {
  switch (message.type) {
    case 'append':
      return answerAppend(book, message, from, env, config)
    case 'behind':
      return sendBehind(book, message.from, from)
    case 'cosigned':
      return cosigned(book, message, from, env)
    default:
      return []
  }
}
