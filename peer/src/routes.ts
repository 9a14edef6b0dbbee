/** Which roles hear a message; a `log` message is for the process's own copy of the log. */
import type { Message, RoleName } from '@planetary-mesh/spec'

export function roleOf(type: Exclude<Message['type'], 'log'>): RoleName | 'all' {
  switch (type) {
    case 'append':
    case 'behind':
    case 'cosigned':
      return 'ledger'
    case 'announce':
    case 'awarded':
      return 'executor'
    case 'advert':
    case 'offer':
    case 'pass':
    case 'progress':
      return 'home'
    case 'appended':
    case 'refused':
      return 'all'
  }
}
