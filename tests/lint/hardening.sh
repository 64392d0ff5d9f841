#!/bin/sh
# hardening.sh FILE...: what was built has what the Makefile's HARDENED and linker flags promise.
set -u
LC_ALL=C
export LC_ALL
missing=0

# has FILE WHAT PATTERN READELF-OPTION...
has()
{
	file=$1 what=$2 pattern=$3
	shift 3
	readelf -W "$@" "$file" | grep -Eq "$pattern" && return
	echo "$file: no $what"
	missing=$((missing + 1))
}

for file; do
	has "$file" 'position independence' 'Type: +DYN' -h
	has "$file" RELRO GNU_RELRO -l
	has "$file" 'binding at start' 'BIND_NOW|FLAGS_1.* NOW' -d
	has "$file" 'stack without execution' 'GNU_STACK.* RW +0x' -l
	has "$file" 'stack protector' __stack_chk_fail --dyn-syms
	has "$file" 'fortified functions' '_chk@' --dyn-syms
	# The note of it is missing where the C library's start files have none; the landing pads are not.
	case $(uname -m) in
	x86_64) lands=endbr64 ;;
	aarch64) lands='bti|paciasp' ;;
	*) continue ;;
	esac
	[ "$(objdump -d "$file" | grep -Ecw "$lands")" -gt 100 ] && continue
	echo "$file: no control-flow protection"
	missing=$((missing + 1))
done
[ $missing -eq 0 ]
