#!/bin/sh
# Fuzzes every parser of lib/wire for SECONDS each (default 60), with clang's sanitizers:
#
#	tests/fuzz/run.sh [SECONDS]
#
# Programs, corpora and what they find go to build/fuzz. A small corpus to start from is written here.
# shellcheck disable=SC2046,SC2059,SC2086 # words and escapes on purpose
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
out=build/fuzz
flags="-std=gnu11 -g -O1 -D_GNU_SOURCE -Iinclude -I. -fsanitize=fuzzer,address,undefined
	-fno-sanitize-recover=undefined"

seed()
{
	mkdir -p "$out/corpus/$1"
	printf "$3" >"$out/corpus/$1/$2"
}

seed msgpack one '\203\244name\241x\244time\001\245value\002'
seed msgpack telegraf '\204\244name\241x\251timestamp\001\244tags\201\241h\241q\246fields\201\241a\001'
seed msgpack columns '\203\244name\241x\245times\222\001\002\246values\222\003\313\077\340\0\0\0\0\0\0'
seed msgpack batch '\222\202\244name\241x\245value\002\202\244name\241y\245value\003'
seed msgpack stamp '\203\244name\241x\245value\002\244time\327\377\0\0\0\0\0\0\0\001'
seed msgpack forecast '\205\244name\241x\244time\001\244step\001\244mean\221\002\251quantiles\201\2430.5\221\003'
seed json one '{"name":"x","time":1.5,"value":-2e3,"tags":{"a":"\\\\u00e4"}}'
seed json batch '[{"name":"x","fields":{"a":1,"b":true,"c":"d"}},{"name":"x","times":[1],"values":[NaN]}]'
seed json forecast '{"name":"x","time":1,"step":1,"mean":[2],"quantiles":{"0.5":[3]},"weights":{"naive":1}}'
seed influx lines 'cpu,host=a\\ b usage=12.5,idle=80i,up=t,s="a,b" 1700000000000000000\n# x\nx value=1\n'
seed name canonical 'x{a="b",c="\\\\n"}'
seed name parts 'x\0b\0001\0a\0002'
seed selector globs 'cpu_*{host!="a?[b-d]"}\ncpu_x{host="abc"}'
seed selector regexes '*{a=~"(b|c)+.*",d!~"e{2}"}\nx{a="bc"}'

for name in msgpack json influx name selector; do
	mkdir -p "$out/corpus/$name"
	${CLANG:-clang} $flags -o "$out/$name" "tests/fuzz/fuzz_$name.c" lib/wire/*.c \
		$(pkg-config --cflags --libs msgpack-c 2>/dev/null || pkg-config --cflags --libs msgpack) -lm
	echo "$name: $seconds seconds"
	"$out/$name" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -verbosity=0 \
		-print_final_stats=1 -artifact_prefix="$out/$name-" "$out/corpus/$name"
done
