/* Says back what it was given: arguments, environment, standard input; exits with argv[1]. */
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++) printf("arg %d: %s\n", i, argv[i]);
  for (char **e = environ; *e; e++) printf("env: %s\n", *e);
  int c;
  while ((c = getchar()) != EOF) putchar(c);
  fprintf(stderr, "done\n");
  return argc > 1 ? atoi(argv[1]) : 0;
}
