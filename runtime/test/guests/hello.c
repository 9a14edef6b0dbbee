/* The least that a job does: reads its argument, writes twenty bytes, ends. */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char line[20];
  memset(line, '.', sizeof line - 1);
  line[sizeof line - 1] = '\n';
  if (argc > 1) {
    size_t length = strlen(argv[1]);
    memcpy(line, argv[1], length < sizeof line - 1 ? length : sizeof line - 1);
  }
  return write(1, line, sizeof line) == sizeof line ? 0 : 1;
}
