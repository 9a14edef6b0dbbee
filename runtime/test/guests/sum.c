/* Adds up the bytes of argv[1] and copies them to argv[2]: bulk input and output. */
#include <stdint.h>
#include <stdio.h>

static unsigned char buffer[65536];

int main(int argc, char **argv) {
  uint64_t sum = 0, size = 0;
  FILE *in = fopen(argv[1], "rb");
  FILE *out = argc > 2 ? fopen(argv[2], "wb") : NULL;
  if (!in) return 1;
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, in));) {
    for (size_t i = 0; i < n; i++) sum += buffer[i];
    size += n;
    if (out) fwrite(buffer, 1, n, out);
  }
  if (out) fclose(out);
  printf("%llu bytes, sum %llu\n", (unsigned long long)size, (unsigned long long)sum);
  return 0;
}
