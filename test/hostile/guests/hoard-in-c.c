/* Allocates and keeps all it gets; says how many MiB that was when malloc says NULL. */
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  unsigned got = 0;
  for (volatile char *block; (block = malloc(1 << 20)) != NULL; got++) *block = 1;
  printf("%u MiB, then NULL\n", got);
  return 0;
}
