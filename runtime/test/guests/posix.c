/* What POSIX programs do with files, through wasi-libc: each line says what happened. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static void say(const char *what, long result) {
  if (result == -1) printf("%s: %s\n", what, strerror(errno));
  else printf("%s: %ld\n", what, result);
}

static int put(const char *path, const char *text, int flags) {
  int fd = open(path, O_WRONLY | O_CREAT | flags, 0666);
  if (fd == -1) return -1;
  int written = write(fd, text, strlen(text));
  close(fd);
  return written;
}

static void show(const char *path) {
  char text[64];
  int fd = open(path, O_RDONLY);
  int size = fd == -1 ? -1 : read(fd, text, sizeof text);
  if (fd != -1) close(fd);
  if (size == -1) printf("%s: %s\n", path, strerror(errno));
  else printf("%s: '%.*s'\n", path, size, text);
}

/* Lists a directory, removing each file when it has been seen. */
static void list_and_remove(const char *path) {
  DIR *dir = opendir(path);
  struct dirent *entry;
  long second = 0;
  int seen = 0;
  while ((entry = readdir(dir)) != NULL) {
    if (entry->d_name[0] == '.') continue;
    if (++seen == 1) second = telldir(dir);
    char name[300];
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    printf("%s%s", entry->d_name, entry->d_type == DT_LNK ? "@ " : " ");
    if (seen > 2) unlink(name);
  }
  seekdir(dir, second);
  for (seen = 0; readdir(dir) != NULL;) seen++;
  printf("and after the first %d\n", seen);
  closedir(dir);
}

int main(void) {
  chdir("/tmp");
  say("mkdir", mkdir("d", 0777));
  say("mkdir again", mkdir("d", 0777));
  say("write", put("d/a", "alpha", 0));
  say("append", put("d/a", "bet", O_APPEND));
  say("exclusive", put("d/a", "", O_EXCL));
  say("link", link("d/a", "d/b"));
  say("symlink", symlink("a", "d/l"));
  say("symlink out", symlink("/etc/passwd", "d/p"));
  say("rename over", rename("d/a", "d/c"));
  show("d/l");
  show("d/b");
  struct stat status;
  stat("d/b", &status);
  printf("names %d size %d\n", (int)status.st_nlink, (int)status.st_size);
  say("rmdir full", rmdir("d"));
  say("rmdir file", rmdir("d/b"));
  say("unlink directory", unlink("d"));
  say("rename into itself", rename("d", "d/e"));

  int fd = open("d/b", O_RDWR);
  unlink("d/b");
  say("pwrite", pwrite(fd, "XY", 2, 10));
  char first[4], second[16];
  struct iovec spans[] = {{first, 3}, {second, 16}};
  say("readv", readv(fd, spans, 2));
  printf("'%.3s' '%.5s' %d %d\n", first, second, second[5], second[7]);
  say("seek before the start", lseek(fd, -1, SEEK_SET));
  say("seek to the end", lseek(fd, 0, SEEK_END));
  say("truncate", ftruncate(fd, 3));
  say("allocate", posix_fallocate(fd, 0, 9));
  fstat(fd, &status);
  printf("size %d\n", (int)status.st_size);
  struct timespec times[] = {{11, 5}, {12, 6}};
  say("times", futimens(fd, times));
  fstat(fd, &status);
  printf("read at %d.%09d, written at %d\n", (int)status.st_atim.tv_sec,
         (int)status.st_atim.tv_nsec, (int)status.st_mtim.tv_sec);
  close(fd);
  say("closed", write(fd, "", 0));

  for (char name[8] = "d/f0"; name[3] < '6'; name[3]++) put(name, "", 0);
  list_and_remove("d");
  list_and_remove("d");

  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  sleep(7);
  struct pollfd waiting[] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}};
  say("ready", poll(waiting, 2, 60000));
  clock_gettime(CLOCK_MONOTONIC, &after);
  printf("slept %d s\n", (int)(after.tv_sec - before.tv_sec));
  say("input", put("/in/given", "x", 0));
  say("output", put("/out/left", "left behind", 0));
  return isatty(1);
}
