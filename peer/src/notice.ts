/** What a process says about itself, for people: one object a line. */
import type { Did } from '@planetary-mesh/spec'

export type Notice = {
  level: 'info' | 'warn' | 'error'
  message: string
  code?: string
  detail?: string
  /** Who sent what this is about. */
  from?: Did
}
