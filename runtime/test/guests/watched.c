/* Says how far it is, in both ways, and something on each stream; `spin` then never ends. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

__attribute__((import_module("mesh:job"), import_name("progress")))
void mesh_job_progress(uint64_t done, uint64_t total);

static volatile int sink;

static void say(int fd, const char *text) { write(fd, text, strlen(text)); }

int main(int argc, char **argv) {
  say(1, "begun\n");
  mesh_job_progress(1, 4);
  say(2, "progress 2/4 half of it\n");
  if (argc > 1 && strcmp(argv[1], "spin") == 0) for (;;) sink++;
  for (int step = 0; step < 3; step++) say(1, "step\n");
  mesh_job_progress(4, 4);
  return 0;
}
