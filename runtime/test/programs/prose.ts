/** Text that packs about as well as prose: words of an invented language, always the same. */
const SYLLABLES = ['ba', 'ke', 'lin', 'mo', 'nar', 'pi', 'ros', 'ta', 'ul', 've', 'zan', 'qi']
/** Numerical Recipes' generator of 32 bits: enough for filling a file. */
const next = (state: number) => (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0

export function prose(bytes: number): Uint8Array {
  const text = Buffer.alloc(bytes)
  let at = 0
  let state = 1
  while (at < bytes) {
    state = next(state)
    let word = state >>> 20
    do {
      at += text.write(SYLLABLES[word % SYLLABLES.length] as string, at)
      word = Math.floor(word / SYLLABLES.length)
    } while (word > 0 && at < bytes)
    at += text.write(state >>> 28 === 0 ? '.\n' : ' ', at)
  }
  return text
}
