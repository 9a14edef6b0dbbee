/**
 * The one signature rule for machines that share a process: what was good for one of them is good
 * for all, so each signature is checked once. What is not good is checked, and refused, each time.
 */
import { hash } from 'node:crypto'
import { type Verify, verifySignature } from '@planetary-mesh/spec'

const good = new Set<string>()

export const verifyOnce: Verify = (author, message, signature) => {
  const key = [author, Buffer.from(signature).toString('base64'), hash('sha256', message)].join()
  if (good.has(key)) return true
  const isGood = verifySignature(author, message, signature)
  if (isGood) good.add(key)
  return isGood
}
