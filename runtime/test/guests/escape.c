/* Tries to read the host's file argv[1], and argv[2] in each folder above; says what it could. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int tries, reached;

static void try_path(const char *path) {
  struct stat status;
  char byte;
  tries++;
  int fd = open(path, O_RDONLY);
  if (fd >= 0 && read(fd, &byte, 1) == 1) reached++;
  if (fd >= 0) close(fd);
  if (stat(path, &status) == 0) reached++;
  fd = open(path, O_WRONLY | O_APPEND);
  if (fd >= 0 && write(fd, "x", 1) == 1) reached++;
  if (fd >= 0) close(fd);
}

int main(int argc, char **argv) {
  static const char *starts[] = {"", "/", "/in/", "/out/", "/tmp/", "./", "in/", "//", "/./"};
  char path[4096];
  if (argc < 3) return 2;
  for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++) {
    for (int up = 0; up < 12; up++) {
      strcpy(path, starts[i]);
      for (int level = 0; level < up; level++) strcat(path, "../");
      strcat(path, argv[1] + 1);
      try_path(path);
      strcpy(path + strlen(path) - strlen(argv[1]) + 1, argv[2]);
      try_path(path);
    }
  }
  printf("%d paths tried, %d reached\n", tries, reached);
  return reached != 0;
}
