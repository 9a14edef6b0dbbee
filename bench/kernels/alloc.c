/* Takes and gives back pieces of memory of pseudo-random sizes by the C library's malloc, a few
   thousand at a time, and writes to their ends. Usage: alloc ROUNDS of 100,000; prints a sum. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECES = 4096, STEPS = 100000 };

static uint8_t *pieces[PIECES];
static uint32_t sizes[PIECES];
static uint32_t seed = 2463534242;

static uint32_t next_number(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static uint32_t replace(void) {
  uint32_t number = next_number(), at = number % PIECES, sum = 0;
  if (pieces[at]) sum = pieces[at][0] + pieces[at][sizes[at] - 1];
  uint32_t size = 1 + (number >> 16) % (number & 0x8000 ? 2000 : 100);
  if (number & 0x4000) {
    pieces[at] = realloc(pieces[at], size);
  } else {
    free(pieces[at]);
    pieces[at] = malloc(size);
  }
  if (!pieces[at]) abort();
  sizes[at] = size;
  pieces[at][0] = (uint8_t)number;
  pieces[at][size - 1] = (uint8_t)(number >> 8);
  return sum;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  uint64_t sum = 0;
  for (int round = 0; round < rounds; round++)
    for (int step = 0; step < STEPS; step++) sum = sum * 31 + replace();
  printf("%016llx\n", (unsigned long long)sum);
  return 0;
}
