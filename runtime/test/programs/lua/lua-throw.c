/* A throw: from `lua_throw` on every call returns, its locals written where nobody reads them. */
#include "lua-throw.h"

#define ASYNCIFY(name) __attribute__((import_module("asyncify"), import_name(#name)))
ASYNCIFY(start_unwind) void asyncify_start_unwind(void *locals);
ASYNCIFY(stop_unwind) void asyncify_stop_unwind(void);

static int is_throwing;
static char space[4 * 1024 * 1024];
static struct { char *next, *end; } locals;

void lua_throw(void) {
  is_throwing = 1;
  locals.next = space;
  locals.end = space + sizeof space;
  asyncify_start_unwind(&locals);
}

int lua_protect(lua_protected f, struct lua_State *L, void *ud) {
  f(L, ud);
  if (!is_throwing) return 0;
  is_throwing = 0;
  asyncify_stop_unwind();
  return 1;
}
