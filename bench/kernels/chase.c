/* Follows pointers through 4 MiB in an order that no machine can guess: each load waits for the one
   before. Usage: chase ROUNDS of a million steps; prints where it ends. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { NODES = 1 << 16, STEPS = 1000000 };

typedef struct Node {
  struct Node *next;
  uint32_t value, unused[14];
} Node;

static Node nodes[NODES];
static uint32_t order[NODES];

__attribute__((noinline)) static const Node *follow(const Node *node, uint32_t *sum) {
  uint32_t found = 0;
  for (int step = 0; step < STEPS; step++) {
    found += node->value;
    node = node->next;
  }
  *sum += found;
  return node;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 1;
  uint32_t state = 1, sum = 0;
  for (uint32_t at = 0; at < NODES; at++) order[at] = at;
  for (uint32_t at = NODES - 1; at > 0; at--) {
    state = state * 1664525 + 1013904223;
    uint32_t other = (state >> 8) % at, kept = order[at];
    order[at] = order[other];
    order[other] = kept;
  }
  for (uint32_t at = 0; at < NODES; at++) {
    nodes[order[at]].next = &nodes[order[(at + 1) % NODES]];
    nodes[order[at]].value = at;
  }
  const Node *node = nodes;
  for (int round = 0; round < rounds; round++) node = follow(node, &sum);
  printf("%u %u\n", (unsigned)(node - nodes), sum);
  return 0;
}
