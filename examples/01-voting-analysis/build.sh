#!/bin/sh
# Builds voting-analysis.wasm (or the file given) with Debian 12's clang-14, lld-14, wasi-libc and
# libclang-rt-14-dev-wasm32. The same sources give the same bytes, wherever they lie.
set -eu
target=$(realpath -m "${1:-$(dirname "$0")/voting-analysis.wasm}")
objects=$(mktemp -d)
trap 'rm -r "$objects"' EXIT
cd "$(dirname "$0")/src"
for source in *.c; do
  clang-14 --target=wasm32-wasi -std=c11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE \
    -c "$source" \
    -o "$objects/${source%.c}.o"
done
# Linked without -O: with it, clang runs wasm-opt where that is installed, and the bytes differ.
cd "$objects"
clang-14 --target=wasm32-wasi -Wl,--strip-all -o "$target" ./*.o
chmod 644 "$target"
