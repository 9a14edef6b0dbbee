/* Takes memory until there is none, then says how much it got and goes on living. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  size_t got = 0;
  for (volatile char *block; (block = malloc(1 << 20)); got++) *block = 1;
  printf("%zu MiB, then NULL\n", got);
  return 0;
}
