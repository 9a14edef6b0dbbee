/** The sentences about executions with conditions and about documents of communities. */
import { say } from './wording.ts'

export const COMMUNITY_MESSAGES = {
  CCL0528: (action: string) =>
    say(
      `whether \`${action}\` is asked for is not known before it runs`,
      'in `execution` a condition is made of numbers, texts, and what `resources` grants',
    ),
  CCL0529: (name: string) =>
    say(`nothing here is called \`${name}\``, 'give it a value with `let` before it is used'),
  CCL0530: (name: string) =>
    say(`\`${name}\` calls itself, or too many others`, 'a program always ends: say it in one go'),
  CCL0531: (op: string, left: string, right: string) =>
    say(`\`${op}\` does not take ${left} and ${right}`, 'compare and add values of one kind'),
  CCL0532: (event: string) =>
    say(
      `"${event}" is not the name of an event`,
      'a name is made of letters, digits, `.`, `_`, `:` and `-`: `on "vote.cast"`',
    ),
  CCL0534: (what: string, sum: string, whole: string) =>
    say(`with this one, \`${what}\` sums to ${sum}, above ${whole}`, 'lower one of them'),
  CCL0535: (least: string, most: string) =>
    say(`\`${least}\` is above \`${most}\``, 'nothing is between them: change one of the two'),
  CCL0536: (low: string, high: string) =>
    say(`a range from ${low} to ${high} is empty`, 'write the smaller number first'),
  CCL0537: () =>
    say('this range and another one have numbers in common', 'end one before the other begins'),
  CCL0538: (op: string) =>
    say(`\`${op}\` does not put texts in order`, 'compare numbers, or use `==` and `!=`'),
  CCL0539: (op: string) =>
    say(
      `\`${op}\` is not known here`,
      'in `execution` there are `+ - *`, comparisons, `and`, `or` and `not`',
    ),
} as const
