/**
 * Tables as S1 prints them: columns as wide as its example, wider where a value needs it, two
 * spaces between, a line of dashes as long as the header is.
 */

/** A column: its title, and the least width of its cells with the gap after them. */
export type Column = { title: string; width: number; align?: 'right' }

const GAP = 2

/** The header, dashes as far as its last title reaches with the gap, and a line for each row. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title, width }, index) => {
    const cells = rows.map((row) => lengthOf(row[index] ?? ''))
    return Math.max(width, lengthOf(title) + GAP, ...cells.map((length) => length + GAP))
  })
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0
        const pad = ' '.repeat(Math.max(0, width - lengthOf(cell)))
        return columns[index]?.align === 'right'
          ? pad.slice(GAP) + cell + ' '.repeat(GAP)
          : cell + pad
      })
      .join('')
      .trimEnd()
  const dashes = '-'.repeat(widths.reduce((sum, width) => sum + width, 0))
  const lines = [line(columns.map(({ title }) => title)), dashes, ...rows.map(line)]
  return lines.map((text) => `${text}\n`).join('')
}

const lengthOf = (text: string) => [...text].length

/** Left-aligned names and values, one pair a line. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => lengthOf(name))) + GAP
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}\n`).join('')
}
