#!/bin/sh
# Builds every guest here with Debian 12's clang-14, lld-14, wasi-libc and libclang-rt-14-dev-wasm32.
# Usage: build.sh [OUTPUT_DIRECTORY]; the committed .wasm are what it gives.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
cd "$here"
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
for source in *.c; do
  name=${source%.c}
  # linked without -O: with it clang runs whatever wasm-opt is installed, and bytes differ
  clang-14 --target=wasm32-wasi --sysroot=/usr -isystem /usr/include/wasm32-wasi \
    -O2 -fno-ident -c "$source" -o "$objects/$name.o"
  clang-14 --target=wasm32-wasi --sysroot=/usr -L/usr/lib/wasm32-wasi \
    -Wl,--strip-all "$objects/$name.o" -o "$out/$name.wasm"
done
