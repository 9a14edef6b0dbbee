/**
 * The Tiny C Compiler, itself compiled to WebAssembly, translates the programs of its own test
 * folder for x86-64: every object file is the one that the native compiler makes, byte for byte.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Program } from './program.ts'

/** The declarations that those programs include, under each name they include them by. */
const DECLARATIONS = Buffer.from(`
#ifndef ALL_DECLARED
#define ALL_DECLARED
#define NULL ((void *)0)
#define EOF (-1)
typedef unsigned long size_t;
typedef struct FILE FILE;
extern FILE *stdout, *stderr, *stdin;
int printf(const char *, ...), fprintf(FILE *, const char *, ...);
int sprintf(char *, const char *, ...);
int puts(const char *), putchar(int), getc(FILE *), fgetc(FILE *), fclose(FILE *), fflush(FILE *);
FILE *fopen(const char *, const char *);
char *fgets(char *, int, FILE *);
size_t fread(void *, size_t, size_t, FILE *), fwrite(const void *, size_t, size_t, FILE *);
void *malloc(size_t), *calloc(size_t, size_t), *realloc(void *, size_t), free(void *), exit(int);
int atoi(const char *), abs(int);
char *strcpy(char *, const char *), *strncpy(char *, const char *, size_t);
char *strcat(char *, const char *), *strchr(const char *, int), *strrchr(const char *, int);
int strcmp(const char *, const char *), strncmp(const char *, const char *, size_t);
int memcmp(const void *, const void *, size_t);
void *memcpy(void *, const void *, size_t), *memset(void *, int, size_t);
void *memmove(void *, const void *, size_t);
size_t strlen(const char *);
double sin(double), cos(double), tan(double), asin(double), acos(double), atan(double);
double sinh(double), cosh(double), tanh(double), exp(double), fabs(double), log(double);
double log10(double), pow(double, double), sqrt(double), round(double), ceil(double), floor(double);
typedef signed char int8_t; typedef short int16_t; typedef int int32_t; typedef long int64_t;
typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned uint32_t;
typedef unsigned long uint64_t; typedef long intptr_t; typedef unsigned long uintptr_t;
#endif
`)
const HEADERS = ['stdio.h', 'stdlib.h', 'string.h', 'math.h', 'stdint.h', 'inttypes.h', 'memory.h']

/**
 * The first two hold constants that the compiler keeps as the long double of its own machine, 80
 * bits there and 128 here; the last is an error, which it reports by a longjmp.
 */
const LEFT_OUT = new Set([
  ...['70_floating_point_literals.c', '111_conversion.c', '34_array_assignment.c'],
])

export const tcc: Program = {
  name: 'tcc',
  package: 'tcc',
  prepare: (directory) => writeFileSync(join(directory, 'config.h'), ''),
  sources: () => ['tcc.c'],
  flags: [
    ...['-I.', '-DONE_SOURCE=1', '-DTCC_TARGET_X86_64', '-DTCC_VERSION="0.9.27"'],
    '-DCONFIG_TCCDIR="."',
  ],
  wasm: { flags: ['-DCONFIG_TCC_STATIC'], linkFlags: ['-lc-printscan-long-double'] },
  *cases(directory): Iterable<Case> {
    const tests = join(directory, 'tests/tests2')
    const headers = HEADERS.map((path) => ({ path, bytes: DECLARATIONS }))
    for (const name of readdirSync(tests).sort()) {
      if (!name.endsWith('.c') || LEFT_OUT.has(name)) continue
      const bytes = readFileSync(join(tests, name))
      const included = bytes.toString('latin1').matchAll(/^\s*#\s*include\s*[<"](.*)[>"]/gm)
      if ([...included].some(([, header]) => !HEADERS.includes(header as string))) continue
      yield {
        says: name,
        args: ['-nostdinc', '-I.', '-c', name, '-o', 'out/object'],
        inputs: [...headers, { path: name, bytes }],
        check: ({ code }) => assert.equal(code, 0),
      }
    }
  },
}
