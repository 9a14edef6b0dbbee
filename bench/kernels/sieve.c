/* Finds the primes below a million by the sieve of Eratosthenes, again and again.
   Usage: sieve ROUNDS; prints how many there are and the sum of the largest of each round. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 1000000 };

static uint8_t composite[LIMIT];

__attribute__((noinline)) static int sieve(int below) {
  int count = 0;
  memset(composite, 0, sizeof composite);
  for (int n = 2; n < below; n++) {
    if (composite[n]) continue;
    count++;
    for (int64_t many = (int64_t)n * n; many < below; many += n) composite[many] = 1;
  }
  return count;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  int count = 0;
  int64_t sum = 0;
  for (int round = 0; round < rounds; round++) {
    int below = LIMIT - round % 100;
    count = sieve(below);
    int largest = below - 1;
    while (composite[largest]) largest--;
    sum += largest;
  }
  printf("%d %lld\n", count, (long long)sum);
  return 0;
}
