#!/bin/sh
# What the library asks of others: memory, text, mathematics, OpenBLAS, msgpack. No file, no clock, no
# lock, no sleep, no output.
set -eu

allowed='
	malloc calloc realloc free aligned_alloc posix_memalign malloc_usable_size
	mem(cpy|move|set|cmp|chr|rchr|mem) str(n?len|n?cmp|n?cat|n?cpy|r?chr|spn|cspn|pbrk|str|n?dup)
	strto(d|f|l|ul|ll|ull) v?snprintf qsort bsearch abs llabs
	reg(comp|exec|error|free) __ctype_b_loc __errno_location
	(sqrt|cbrt|exp|exp2|expm1|log|log2|log10|log1p|pow|hypot|fabs|floor|ceil|trunc|(l|ll)?round)f?
	(ll?rint|rint|nearbyint|fm(in|ax|od|a)|copysign|ldexp|frexp|modf|scalbn|remainder|nextafter)f?
	(sin|cos|sincos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|erf|erfc|lgamma|tgamma)f?
	cblas_[a-z0-9]+ openblas_[a-z_]+ [a-z]+_ msgpack_[a-z0-9_]+
	__assert_fail __stack_chk_fail __cpu_model __cpu_features2 __cpu_indicator_init _GLOBAL_OFFSET_TABLE_
	__[a-z]+_chk __[a-z]+_finite _ZGV[a-zA-Z0-9_]+
	__(asan|ubsan|tsan)_[a-z0-9_]+'

foreign=$(nm "$1" | awk -v allowed="$allowed" '
	BEGIN { gsub(/[ \t\n]+/, "|", allowed); sub(/^\|/, "", allowed) }
	NF == 3 { defined[$3] = 1 }
	NF == 2 && $1 == "U" { wanted[$2] = 1 }
	END {
		for (symbol in wanted)
			if (!(symbol in defined) && symbol !~ ("^(" allowed ")$"))
				print symbol
	}')
if [ -n "$foreign" ]; then
	echo "$1 asks for what a library that only computes does not need:"
	nm -uA "$1" | grep -wF "$foreign"
	exit 1
fi
