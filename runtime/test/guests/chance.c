/* Prints the clock and random bytes, sleeping in between: the same on every run of one job. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  struct timespec before, after, asked = {2, 500};
  unsigned char bytes[16];
  clock_gettime(CLOCK_REALTIME, &before);
  nanosleep(&asked, 0);
  clock_gettime(CLOCK_REALTIME, &after);
  printf("%lld.%09ld\n", (long long)before.tv_sec, before.tv_nsec);
  printf("slept %lld s\n", (long long)(after.tv_sec - before.tv_sec));
  getentropy(bytes, sizeof bytes);
  for (int i = 0; i < 16; i++) printf("%02x", bytes[i]);
  printf("\n");
  return 0;
}
