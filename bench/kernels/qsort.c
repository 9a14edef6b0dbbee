/* The C library's qsort over 16,384 pseudo-random integers, with a comparison through a function
   pointer, again and again. Usage: qsort ROUNDS; prints a sum over the sorted places. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBERS = 16384 };

static uint32_t seed = 2463534242;

/* Marsaglia's xorshift32. */
static uint32_t next_number(void) {
  seed ^= seed << 13;
  seed ^= seed >> 17;
  seed ^= seed << 5;
  return seed;
}

static int compare(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

int main(int argc, char **argv) {
  static uint32_t numbers[NUMBERS];
  long rounds = argc > 1 ? atol(argv[1]) : 1;
  uint64_t sum = 0;
  for (long round = 0; round < rounds; round++) {
    for (int i = 0; i < NUMBERS; i++) numbers[i] = next_number();
    qsort(numbers, NUMBERS, sizeof numbers[0], compare);
    for (int i = 0; i < NUMBERS; i++) {
      if (i > 0 && numbers[i - 1] > numbers[i]) return 1;
      sum = sum * 31 + numbers[i];
    }
  }
  printf("%016llx\n", (unsigned long long)sum);
  return 0;
}
