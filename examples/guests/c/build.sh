#!/bin/sh
# Builds build/job.wasm. Debian 12: apt install clang-14 lld-14 wasi-libc libclang-rt-14-dev-wasm32
# With another clang for WASI, such as that of wasi-sdk: CLANG=… SYSROOT=… ./build.sh
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang-14}
sysroot=${SYSROOT:-/usr}
flags="--target=wasm32-wasi --sysroot=$sysroot"
mkdir -p build
# shellcheck disable=SC2086
$clang $flags -isystem "$sysroot/include/wasm32-wasi" -O2 -Wall -c job.c -o build/job.o
# shellcheck disable=SC2086
$clang $flags -L"$sysroot/lib/wasm32-wasi" -Wl,--strip-all build/job.o -o build/job.wasm
rm build/job.o
echo "build/job.wasm: $(wc -c < build/job.wasm) bytes"
