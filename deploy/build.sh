#!/bin/sh
# build.sh ARCHITECTURE [ARGUMENT...]: builds the programs of all functions for Lambda on provided.al2023, into
# target/functions/ARCHITECTURE. Arguments are for cargo.
#
# Every machine builds the same: zig compiles what is written in C and links against the C library of Amazon Linux 2023,
# whatever library the machine has. No path of the machine gets into the programs.
set -eu
cd "$(dirname "$0")/.."
architecture=$1
shift

refuse() {
    echo "build.sh: $1" >&2
    exit 1
}

case $architecture in
x86_64) target=x86_64-unknown-linux-gnu ;;
arm64) target=aarch64-unknown-linux-gnu ;;
*) refuse "Lambda has no processor $architecture, only x86_64 and arm64." ;;
esac

zig=$PWD/target/tools/zig
[ -x "$zig/bin/cargo-zigbuild" ] ||
    refuse "the compiler of the functions is not installed. This installs it into target/tools: cargo xtask setup --dist"
[ -d "$(rustc --print target-libdir --target "$target")" ] ||
    refuse "Rust has no standard library for $architecture here. This installs it: rustup target add $target"

# What both need beside the programs stays in this clone.
export CARGO_ZIGBUILD_ZIG_PATH="$zig/bin/python-zig"
export CARGO_ZIGBUILD_CACHE_DIR="$zig/cache/cargo"
export ZIG_GLOBAL_CACHE_DIR="$zig/cache/zig"
# The cryptographic library would measure the processor's jitter before its first random number, beside asking the kernel:
# 50 ms of a whole processor, of which a function has a third. The kernel's generator is what it rests on either way.
export AWS_LC_SYS_NO_JITTER_ENTROPY=1
# The places in the messages of panics: those of crates are in the folder of cargo, ours are relative.
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$PWD=."

packages=$(for function in functions/*; do echo "--package=${function#functions/}"; done)
# shellcheck disable=SC2086 # a list of words
"$zig/bin/cargo-zigbuild" zigbuild --locked --profile lambda --features lambda --target "$target.2.34" \
    --target-dir target $packages "$@" >&2
programs=target/functions/$architecture
mkdir -p "$programs"
for function in functions/*; do
    ln -f "target/$target/lambda/${function#functions/}" "$programs/"
done
