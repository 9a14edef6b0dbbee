/* What POSIX has and wasi-libc has not, declared for programs that are built unchanged. */
#ifndef ABSENT_H
#define ABSENT_H
#include <fcntl.h>
#include <stdio.h>
#include <sys/types.h>
#ifndef L_tmpnam
#define L_tmpnam 20
#endif
#ifndef F_SETLK /* locks: asking for one fails, as fcntl knows none of these */
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#endif
int chmod(const char *path, mode_t mode);
int fchmod(int fd, mode_t mode);
int chown(const char *path, uid_t owner, gid_t group);
int fchown(int fd, uid_t owner, gid_t group);
mode_t umask(mode_t mode);
int system(const char *command);
int execvp(const char *file, char *const arguments[]);
FILE *popen(const char *command, const char *mode);
int pclose(FILE *stream);
FILE *tmpfile(void);
char *tmpnam(char *name);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
#endif
