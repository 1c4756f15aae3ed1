#!/bin/sh
# fits-lambda.sh PROGRAM ARCHITECTURE: whether Lambda can start the program on provided.al2023. What is built elsewhere
# deploys without a word and then fails at its first start, so `sam build` asks here.
set -eu
program=$1
architecture=$2

refuse() {
    echo "$program: $1" >&2
    exit 1
}

# Bytes of a file as hexadecimal digits: offset, count.
bytes() {
    od -An -tx1 -j "$1" -N "$2" "$program" | tr -d ' \n'
}

[ "$(bytes 0 4)" = 7f454c46 ] ||
    refuse "this is no program for Linux. Build on Linux, or in a container of Amazon Linux 2023."

case $(bytes 18 2) in
3e00) made_for=x86_64 ;;
b700) made_for=arm64 ;;
*) made_for='another processor' ;;
esac
[ "$made_for" = "$architecture" ] ||
    refuse "it is made for $made_for, and the functions are for $architecture. Set ARCHITECTURE and TARGET for the build, and the parameter Architecture for the deployment (docs/operations/deploy.md)."

# The names of the versions that it wants stand in it as text.
newest=$(grep -ao 'GLIBC_2\.[0-9][0-9]*' "$program" | sed 's/GLIBC_2\.//' | sort -n | tail -n 1)
[ "${newest:-0}" -le 34 ] ||
    refuse "it wants glibc 2.$newest, and Amazon Linux 2023 has 2.34. Build on a Linux that is no newer, such as Debian 12 or Ubuntu 22.04, or in a container of Amazon Linux 2023 (docs/operations/deploy.md)."
