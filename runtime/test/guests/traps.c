/* Ends in the way that argv[1] names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int zero = 0, one = 1, sink;
static volatile double huge = 1e30;

static int deep(int n) { return n + deep(n + 1) * one; }
static void nothing(void) {}
static int number(int x) { return x; }
static void *volatile any[] = {(void *)nothing, (void *)number};

/* asks the host for something at every depth, so that the last call stands on a full stack; it
 * keeps nothing in linear memory, where the stack of C would end first */
static int deep_calls(int n) {
  static char c;
  sink += (int)read(0, &c, 1);
  return n + deep_calls(n + 1) * one;
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "";
#define IS(name) (strcmp(way, name) == 0)
  if (IS("unreachable")) __builtin_trap();
  if (IS("abort")) abort();
  if (IS("divide")) sink = one / zero;
  if (IS("overflow")) sink = (-2147483647 - one) / (zero - 1);
  if (IS("float")) sink = __builtin_wasm_trunc_s_i32_f64(huge);
  if (IS("memory")) sink = *(volatile int *)(0xfffffff0u + zero);
  if (IS("signature")) sink = ((int (*)(int, int))(one ? any[0] : any[1]))(1, 2);
  if (IS("element")) ((void (*)(void))(100000 + zero))();
  if (IS("loop")) for (;;) sink++;
  if (IS("recursion")) return deep(0);
  if (IS("recursion-host")) return deep_calls(0);
  if (IS("flood")) for (;;) puts("0123456789012345678901234567890123456789");
  if (IS("exit")) _exit(argc > 2 ? atoi(argv[2]) : 0);
  return 0;
}
