/* Never ends. `talk` asks the host for something all the time, `then-spin` in argv[2] steps,
 * `spin` not once after the start. What it leaves behind grows as it goes, and stays small. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile int sink;

static void step(int n) {
  char line[32];
  int length = snprintf(line, sizeof line, "step %d\n", n);
  if (n % 1000 == 0 && n < 1000000) write(n % 2000 == 0 ? 1 : 2, line, length);
  if (n % 5000 == 0) {
    FILE *log = fopen("/out/log", n % 50000 == 0 ? "w" : "a");
    fputs(line, log);
    fclose(log);
  }
  if (n % 20000 == 0 && n < 1000000) sink += *(volatile char *)malloc(100000);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "";
  int steps = argc > 2 ? atoi(argv[2]) : 0;
  if (strcmp(way, "talk") == 0) for (int n = 0;; n++) step(n);
  if (strcmp(way, "then-spin") == 0) for (int n = 0; n < steps; n++) step(n);
  for (;;) sink++;
}
