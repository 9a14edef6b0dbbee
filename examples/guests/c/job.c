/*
 * Counts the lines and words of a file. Inputs stand under /in, which is also the working
 * directory; what is left under /out is the job's result.
 */
#include <ctype.h>
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: job FILE\n");
    return 2;
  }
  FILE *in = fopen(argv[1], "r");
  if (in == NULL) {
    perror(argv[1]);
    return 1;
  }
  unsigned long lines = 0, words = 0;
  int in_word = 0;
  for (int c; (c = getc(in)) != EOF;) {
    lines += c == '\n';
    words += !isspace(c) && !in_word;
    in_word = !isspace(c);
  }
  fclose(in);
  printf("%s: %lu lines, %lu words\n", argv[1], lines, words);

  FILE *out = fopen("/out/counts.json", "w");
  if (out == NULL) {
    perror("/out/counts.json");
    return 1;
  }
  fprintf(out, "{\"name\":\"%s\",\"lines\":%lu,\"words\":%lu}\n", argv[1], lines, words);
  return fclose(out) == 0 ? 0 : 1;
}
