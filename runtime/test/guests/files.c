/* Walks through what a program does with files; prints one line per fact, errno by name. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void say(const char *what, int failed) {
  printf("%s: %s\n", what, failed ? strerror(errno) : "ok");
}

static void list(const char *path) {
  printf("%s:", path);
  DIR *d = opendir(path);
  if (!d) {
    printf(" %s\n", strerror(errno));
    return;
  }
  for (struct dirent *e; (e = readdir(d));) printf(" %s", e->d_name);
  printf("\n");
  closedir(d);
}

static int put(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  if (!f) return 1;
  fputs(text, f);
  return fclose(f);
}

static void show(const char *path) {
  char line[64] = "";
  FILE *f = fopen(path, "r");
  if (!f) {
    printf("%s: %s\n", path, strerror(errno));
    return;
  }
  fgets(line, sizeof line, f);
  fclose(f);
  printf("%s: %s\n", path, line);
}

int main(void) {
  struct stat st;
  char buf[64];
  show("note.txt");
  show("./note.txt");
  show("/in/note.txt");
  show("/in/sub/deep.txt");
  list(".");
  list("/in/sub");
  say("write /in/new", put("/in/new", "x"));
  say("write /in/note.txt", put("/in/note.txt", "x"));
  say("append note.txt", open("note.txt", O_WRONLY | O_APPEND) < 0);
  say("unlink /in/note.txt", unlink("/in/note.txt"));
  say("rename /in/note.txt", rename("/in/note.txt", "/out/note.txt"));
  say("write scratch", put("scratch", "here"));
  show("scratch");
  say("mkdir /out/a", mkdir("/out/a", 0777));
  say("mkdir /out/a again", mkdir("/out/a", 0777));
  say("write /out/a/one", put("/out/a/one", "1"));
  say("write /tmp/two", put("/tmp/two", "22"));
  say("rename into /out", rename("/tmp/two", "/out/a/two"));
  say("rmdir /out/a full", rmdir("/out/a"));
  list("/out/a");
  say("symlink", symlink("two", "/out/a/soft"));
  show("/out/a/soft");
  say("link", link("/out/a/two", "/out/a/hard"));
  stat("/out/a/two", &st);
  printf("size %lld links %d\n", (long long)st.st_size, (int)st.st_nlink);
  say("unlink", unlink("/out/a/one"));
  say("stat gone", stat("/out/a/one", &st));
  int fd = open("/out/a/two", O_RDWR);
  printf("end %lld\n", (long long)lseek(fd, 0, SEEK_END));
  say("pwrite", pwrite(fd, "zz", 2, 4) != 2);
  printf("pread %zd\n", pread(fd, buf, sizeof buf, 1));
  say("truncate", ftruncate(fd, 3));
  fstat(fd, &st);
  printf("size %lld\n", (long long)st.st_size);
  close(fd);
  say("escape ..", open("../../etc/passwd", O_RDONLY) < 0);
  say("escape /etc", open("/etc/passwd", O_RDONLY) < 0);
  say("symlink up", symlink("../../../etc/passwd", "/out/a/up"));
  say("read up", open("/out/a/up", O_RDONLY) < 0);
  say("symlink absolute", symlink("/etc/passwd", "/out/a/abs"));
  say("rename /out", rename("/out", "/tmp/out"));
  say("rmdir /tmp", rmdir("/tmp"));
  say("close", close(99));
  return 0;
}
