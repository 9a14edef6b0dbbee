/**
 * jco's glue as we run it. Its text alone says which type is wanted where and what is lifted from
 * where, so it is amended: where it turns a caller's value into a number, a length or an element it
 * asks `GlueArguments`, and where it lifts from a guest's memory `GlueLifting`. What it does with
 * handles between components is put right in place.
 */

/** The glue finds them under these; names of the component model have no such sign in them. */
export const ARGUMENTS = '$arguments'
export const LIFTING = '$lifting'

type Amendment = readonly [text: RegExp, instead: string]

/** What a caller gives. No quotes in what stands there instead, for it may hit a name. */
const OF_ARGUMENTS: readonly Amendment[] = [
  [
    // the length of a list, not that of a text that was lowered as UTF-16
    /(?<!encodeRes\.ptr;\s*)\bvar (len\d+) = (\w+)\.(?:byteLength|length);/g,
    'var $1 = $$arguments.length($2);',
  ],
  [/\b(dv\d+)\.set(\w+)\((ptr\d+ ?\+ ?offset), v, true\)/g, '$$arguments.put.$2($1, $3, v)'],
  [/(?<!function )\bto(U?[Ii]nt(?:8|16|32))\(/g, '$$arguments.small.$1('],
  [/\bto(U?[Ii]nt64)\(/g, '$$arguments.large.$1('],
  [/(?<=[(,] ?)\+([A-Za-z_]\w*)(?=[,)])/g, '$$arguments.float($1)'],
  [/\b(\w+) \? 1 : 0\b/g, '$$arguments.truth($1) ? 1 : 0'],
  [/(?<!function )\bvalidateHostChar\(/g, '$$arguments.character('],
  [
    /\bfunction _utf(?:8|16)AllocateAndEncode\((\w+), realloc, memory\) \{/g,
    '$& $$arguments.text($1);',
  ],
  [/\bvar \{((?:\w+: v\d+_\d+,? )+)\} = (\w+);/g, 'var {$1} = $$arguments.record($2, /$1/);'],
  [/\bvar \[((?:tuple\d+_\d+(?:, )?)+)\] = (\w+);/g, 'var [$1] = $$arguments.tuple($2, /$1/);'],
  [
    /\bif \(typeof (\w+) === 'object' && \1 !== null\) \{(\s+flags\d+ = )([^;]+);/g,
    'if ($$arguments.flags($1, /$3/)) {$2$3;',
  ],
  [/\bswitch \((variant\d+)\.tag\) \{/g, 'switch ($$arguments.tagged($1).tag) {'],
  [/\bfunction createNewCurrentTask\(args\) \{/, '$& $$arguments.pass();'],
]

/** What a guest gives. */
const OF_LIFTING: readonly Amendment[] = [
  [
    /(\w+\.buffer)\.slice\((ptr\d+), \2 \+ (len\d+) \* (\d+)\)/g,
    '$$lifting.numbers($1, $2, $3, $4)',
  ],
  [/\b(\w+)\.decode\((new Uint(?:8|16)Array\([^()]+\))\)/g, '$$lifting.text($1, $2)'],
  [
    /\bvar result(\d+) = \[\];\s+for \(let i[^{]+\{\s+const base = base\1 \+ i \* (\d+);/g,
    '$$lifting.list(len$1, $2); $&',
  ],
  // no value of an option, as JSON has it
  [/\b(variant\d+) = undefined;/g, '$1 = null;'],
  // a bool is true, a small integer cut, and flags that nobody named are nothing
  [/\bthrow new TypeError\('invalid variant discriminant for bool'\);/g, 'return true;'],
  [/\bfunction clampGuest\(i, min, max\) \{/g, '$& return $$lifting.wrapped(i, min, max);'],
  [/\bthrow new TypeError\('flags have extraneous bits set'\);/g, ''],
  // texts from one component's memory to another's
  [/(new Uint8Array\([^()]+\))\.set\((new Uint8Array\([^()]+\))\);/g, '$$lifting.copy($1, $2);'],
  [
    /\bencoder\.encodeInto\(String\.fromCharCode\.apply\(null, (new Uint16Array\([^()]+\))\), /g,
    '$$lifting.narrow($1, ',
  ],
  [/\bto_ptr, strlen \* 2\)/g, 'to_ptr, strlen)'],
]

/** Handles of resources: one that is not there traps, one that is lent may be lent on. */
const OF_HANDLES: readonly Amendment[] = [
  [
    /\bif \((?:val|rep) === 0 \|\| \(scope & T_FLAG\) !== 0\)/g,
    'if (val === undefined || (scope & T_FLAG) !== 0)',
  ],
  [/\btable\[0\] = table\[free\];/g, 'table[0] = table[free << 1];'],
  [
    /\bconst rep = isOwn \? fromHandle & ~T_FLAG : rscTable\w+\([^;]+;/g,
    'if (fromHandle === undefined || (fromTable[handle << 1] & T_FLAG) !== 0) throw TypeError(); ' +
      'const rep = fromHandle & ~T_FLAG;',
  ],
  // what was lent for a call is looked for at the end of that call, not of one within it
  [/\bSCOPE_ID--;(\s+for \(const \{ rid, handle \} of resourceCallBorrows\))/g, '$1'],
  [
    /(?<!let )\bresourceCallBorrows ?= \[\];/g,
    'resourceCallBorrows = resourceCallBorrows.filter(({ rid, handle }) => ' +
      'handleTables[rid][handle << 1] < SCOPE_ID); SCOPE_ID--;',
  ],
]

export const amendGlue = (glue: string): string =>
  [...OF_ARGUMENTS, ...OF_LIFTING, ...OF_HANDLES].reduce(
    (text, [found, instead]) => text.replace(found, instead),
    glue,
  )
