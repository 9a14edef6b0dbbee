/* The Fibonacci numbers by their definition: almost nothing but calls, the worst case of a meter
   that counts at the entry of every function. Usage: fib N; prints the Nth. */
#include <stdio.h>
#include <stdlib.h>

static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char **argv) {
  printf("%u\n", fib(argc > 1 ? (unsigned)atoi(argv[1]) : 10));
  return 0;
}
