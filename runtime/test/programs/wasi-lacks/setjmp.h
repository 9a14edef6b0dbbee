/*
 * WebAssembly has longjmp only through exceptions. A program that includes this runs until it wants
 * to jump; Lua has a port of its own (lua/lua-throw.h).
 */
#ifndef ABSENT_SETJMP_H
#define ABSENT_SETJMP_H
typedef int jmp_buf[1];
#define setjmp(place) ((void)(place), 0)
#define longjmp(place, value) __builtin_trap()
#endif
