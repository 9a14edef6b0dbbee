/* An interpreter of a small stack machine, by one large switch. Its program counts the steps that
   numbers take to 1 by halving the even ones and tripling the odd. Usage: stackvm N, for all below
   N; prints the number of steps. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef enum {
  PUSH, LOAD, STORE, ADD, MULTIPLY, HALVE, ODD, LESS, SAME, JUMP, IF, UNLESS, STOP
} Op;
typedef struct {
  Op op;
  int operand;
} Instruction;

enum { START, NUMBER, STEPS, BOUND, VARIABLES };
enum { OUTER = 2, INNER = 8, TRIPLE = 23, NEXT = 30, END = 35 };

static const Instruction PROGRAM[] = {
  {PUSH, 1},      {STORE, START},
  /* OUTER */
  {LOAD, START},  {LOAD, BOUND},   {LESS, 0},     {UNLESS, END},   {LOAD, START},  {STORE, NUMBER},
  /* INNER */
  {LOAD, NUMBER}, {PUSH, 1},       {SAME, 0},     {IF, NEXT},      {LOAD, STEPS},  {PUSH, 1},
  {ADD, 0},       {STORE, STEPS},  {LOAD, NUMBER}, {ODD, 0},       {IF, TRIPLE},   {LOAD, NUMBER},
  {HALVE, 0},     {STORE, NUMBER}, {JUMP, INNER},
  /* TRIPLE */
  {LOAD, NUMBER}, {PUSH, 3},       {MULTIPLY, 0}, {PUSH, 1},       {ADD, 0},       {STORE, NUMBER},
  {JUMP, INNER},
  /* NEXT */
  {LOAD, START},  {PUSH, 1},       {ADD, 0},      {STORE, START},  {JUMP, OUTER},
  /* END */
  {STOP, 0},
};

__attribute__((noinline)) static void run(const Instruction *program, int64_t *variables) {
  int64_t stack[16], *top = stack;
  for (const Instruction *at = program;;) {
    int operand = at->operand;
    switch ((at++)->op) {
      case PUSH: *top++ = operand; break;
      case LOAD: *top++ = variables[operand]; break;
      case STORE: variables[operand] = *--top; break;
      case ADD: top--, top[-1] += *top; break;
      case MULTIPLY: top--, top[-1] *= *top; break;
      case HALVE: top[-1] /= 2; break;
      case ODD: top[-1] &= 1; break;
      case LESS: top--, top[-1] = top[-1] < *top; break;
      case SAME: top--, top[-1] = top[-1] == *top; break;
      case JUMP: at = program + operand; break;
      case IF: if (*--top) at = program + operand; break;
      case UNLESS: if (!*--top) at = program + operand; break;
      case STOP: return;
    }
  }
}

int main(int argc, char **argv) {
  int64_t variables[VARIABLES] = {0};
  variables[BOUND] = argc > 1 ? atoi(argv[1]) : 1;
  run(PROGRAM, variables);
  printf("%lld\n", (long long)variables[STEPS]);
  return 0;
}
