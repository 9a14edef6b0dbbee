#!/bin/sh
# Builds every guest here: .wat with wabt's wat2wasm, .c with Debian 12's clang-14 and wasi-libc.
# Usage: build.sh [OUTPUT_DIRECTORY]; the committed .wasm are what it gives.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
cd "$here"
for source in *.wat; do
  wat2wasm "$source" -o "$out/${source%.wat}.wasm"
done
for source in *.c; do
  clang-14 --target=wasm32-wasi --sysroot=/usr -isystem /usr/include/wasm32-wasi \
    -L/usr/lib/wasm32-wasi -O2 -fno-ident -Wno-infinite-recursion -Wl,--strip-all \
    "$source" -o "$out/${source%.c}.wasm"
done
