/* An interpreter of a language of eight signs that move over a tape of bytes, by a switch on the
   text itself, with jumps found beforehand. Its program counts in loops within loops.
   Usage: tape ROUNDS; prints the sum of the tape after each round. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAPE_BYTES = 256, PROGRAM_BYTES = 64 };

static const char PROGRAM[PROGRAM_BYTES] = "-[>-[>+>++<<-]>>[<+>-]<[->>+<<]<<-]>>>.[-]";
static int partner[PROGRAM_BYTES];

static void find_partners(void) {
  int open[PROGRAM_BYTES], depth = 0;
  for (int at = 0; PROGRAM[at]; at++) {
    if (PROGRAM[at] == '[') open[depth++] = at;
    if (PROGRAM[at] == ']') {
      partner[at] = open[--depth];
      partner[open[depth]] = at;
    }
  }
}

__attribute__((noinline)) static uint32_t run(uint8_t *tape) {
  uint32_t written = 0;
  uint8_t *cell = tape;
  for (int at = 0;; at++) switch (PROGRAM[at]) {
      case '>': cell++; break;
      case '<': cell--; break;
      case '+': ++*cell; break;
      case '-': --*cell; break;
      case '[': if (!*cell) at = partner[at]; break;
      case ']': if (*cell) at = partner[at]; break;
      case '.': written = written * 31 + *cell; break;
      case 0: return written;
    }
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  uint32_t sum = 0;
  find_partners();
  for (int round = 0; round < rounds; round++) {
    uint8_t tape[TAPE_BYTES] = {0};
    tape[4] = (uint8_t)round;
    sum = sum * 17 + run(tape);
    for (int at = 0; at < TAPE_BYTES; at++) sum += tape[at];
  }
  printf("%u\n", sum);
  return 0;
}
