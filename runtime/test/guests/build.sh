#!/bin/sh
# Builds every guest here with Debian 12's clang-14, lld-14, wasi-libc and libclang-rt-14-dev-wasm32.
# Usage: build.sh [OUTPUT_DIRECTORY]; the committed .wasm are what it gives.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
cd "$here"
for source in *.c; do
  clang-14 --target=wasm32-wasi --sysroot=/usr -isystem /usr/include/wasm32-wasi \
    -L/usr/lib/wasm32-wasi -O2 -fno-ident -Wl,--strip-all "$source" -o "$out/${source%.c}.wasm"
done
