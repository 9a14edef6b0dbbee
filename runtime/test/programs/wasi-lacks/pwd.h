/* There are no users: nobody is ever found. */
#ifndef ABSENT_PWD_H
#define ABSENT_PWD_H
#include <sys/types.h>
struct passwd {
  char *pw_name, *pw_dir, *pw_shell;
  uid_t pw_uid;
};
struct passwd *getpwuid(uid_t uid);
struct passwd *getpwnam(const char *name);
#endif
