/* There are no processes to wait for: what `system` gave is an error, or the code 0. */
#ifndef ABSENT_WAIT_H
#define ABSENT_WAIT_H
#define WIFEXITED(status) 1
#define WEXITSTATUS(status) (((status) >> 8) & 255)
#define WIFSIGNALED(status) 0
#define WTERMSIG(status) 0
#define WCOREDUMP(status) 0
#endif
