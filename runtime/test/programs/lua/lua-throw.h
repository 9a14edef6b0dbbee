/*
 * Lua throws by longjmp, which WebAssembly has only through exceptions, and those are refused. Lua
 * lets a port say how it throws instead (LUAI_THROW in ldo.c): here by Binaryen's Asyncify, which
 * makes every call return at once until the one that protects it stops that.
 */
#ifndef LUA_THROW_H
#define LUA_THROW_H
struct lua_State;
typedef void (*lua_protected)(struct lua_State *L, void *ud);
/* Calls it; 1 if it threw. */
int lua_protect(lua_protected f, struct lua_State *L, void *ud);
void lua_throw(void);

#define luai_jmpbuf int
#define LUAI_THROW(L, c) lua_throw()
/* `a` is always the call of `f` with `ud`: here it is made where nothing can be inlined around it */
#define LUAI_TRY(L, c, a) \
  if (lua_protect(f, L, ud) && (c)->status == 0) (c)->status = -1;
#endif
