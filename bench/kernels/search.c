/* Looks for words in a text of 1 MiB by Horspool's way, which skips ahead by a table of the last
   byte. The text is of pseudo-random letters, a few of which are common. Usage: search ROUNDS;
   prints how often the words were found. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 1 << 20 };

static uint8_t text[TEXT_BYTES];
static const char *const WORDS[] = {
  "aab", "abacab", "dadabac", "aaaaaaaa", "cabdabcab", "bdcadbacdb",
};

__attribute__((noinline)) static int count(const char *word) {
  int length = (int)strlen(word), found = 0, skip[256];
  for (int byte = 0; byte < 256; byte++) skip[byte] = length;
  for (int at = 0; at < length - 1; at++) skip[(uint8_t)word[at]] = length - 1 - at;
  for (int at = 0; at + length <= TEXT_BYTES; at += skip[text[at + length - 1]]) {
    int left = length;
    while (left > 0 && text[at + left - 1] == (uint8_t)word[left - 1]) left--;
    if (left == 0) found++;
  }
  return found;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  uint32_t state = 12345;
  for (int at = 0; at < TEXT_BYTES; at++) {
    state = state * 1664525 + 1013904223;
    text[at] = (uint8_t) "aaaabbcd"[state >> 29];
  }
  int64_t found = 0;
  for (int round = 0; round < rounds; round++) {
    text[(round * 7919) % TEXT_BYTES] ^= 1;
    for (unsigned at = 0; at < sizeof WORDS / sizeof *WORDS; at++) found += count(WORDS[at]);
  }
  printf("%lld\n", (long long)found);
  return 0;
}
