/*
 * What POSIX has and wasi-libc has not. A WASI file has no owner and no mode, so changing one does
 * nothing; there are no processes, so starting one fails. Temporary files stand under /tmp.
 */
#include <absent.h>
#include <pwd.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int chmod(const char *path, mode_t mode) { return access(path, F_OK); }
int fchmod(int fd, mode_t mode) { return 0; }
int chown(const char *path, uid_t owner, gid_t group) { return access(path, F_OK); }
int fchown(int fd, uid_t owner, gid_t group) { return 0; }
mode_t umask(mode_t mode) { return 022; }
uid_t getuid(void) { return 0; }
uid_t geteuid(void) { return 0; }
gid_t getgid(void) { return 0; }

struct passwd *getpwuid(uid_t uid) { return NULL; }
struct passwd *getpwnam(const char *name) { return NULL; }

int system(const char *command) {
  if (command == NULL) return 0;
  errno = ENOSYS;
  return -1;
}

int execvp(const char *file, char *const arguments[]) {
  errno = ENOSYS;
  return -1;
}

FILE *popen(const char *command, const char *mode) {
  errno = ENOSYS;
  return NULL;
}

int pclose(FILE *stream) {
  errno = ECHILD;
  return -1;
}

char *tmpnam(char *name) {
  static char own[L_tmpnam];
  static unsigned count;
  char *made = name ? name : own;
  do {
    snprintf(made, L_tmpnam, "/tmp/t%u", ++count);
  } while (access(made, F_OK) == 0);
  return made;
}

/* Linked with --wrap=fopen: wasi-libc takes the empty path for the working directory. */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode) {
  if (*path != 0) return __real_fopen(path, mode);
  errno = ENOENT;
  return NULL;
}

FILE *tmpfile(void) {
  char name[L_tmpnam];
  FILE *file = fopen(tmpnam(name), "wb+");
  if (file != NULL) unlink(name);
  return file;
}
