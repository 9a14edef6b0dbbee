/* Counts the ways to put N queens on a board of N by N so that none attacks another: recursion of a
   few levels with a loop in each. Usage: queens N; prints the number of ways. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t full;

/* Columns and diagonals that are attacked in this row, as bits. */
static int64_t place(uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == full) return 1;
  int64_t ways = 0;
  for (uint32_t free = full & ~(columns | left | right); free != 0; free &= free - 1) {
    uint32_t queen = free & -free;
    ways += place(columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return ways;
}

int main(int argc, char **argv) {
  int size = argc > 1 ? atoi(argv[1]) : 8;
  full = (1u << size) - 1;
  printf("%lld\n", (long long)place(0, 0, 0));
  return 0;
}
