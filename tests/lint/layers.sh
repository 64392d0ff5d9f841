#!/bin/sh
# Who may include whom. Every #include of our sources is held against the first row that matches the
# including file; a row's pattern says which of our own headers it may name.
#
#	lib/<room> ──► include/rollcast              cli ──► daemon/settings, daemon/base
#	lib/forecast ──► the other rooms of lib      daemon/<room> ──► settings, base, message.h
#	daemon/(stream|train) ──► group              daemon/*.c ──► all rooms
set -eu

git ls-files -co --exclude-standard 'lib/*.[ch]' 'daemon/*.[ch]' 'cli/*.[ch]' 'include/*.h' |
	xargs grep -H '^[[:space:]]*#[[:space:]]*include' |
	awk '
	BEGIN {
		row("^include/", "^rollcast/")
		row("^lib/(network|series|wire)/", "^rollcast/|^SAME/")
		row("^lib/forecast/", "^rollcast/|^lib/(forecast|network|series|wire)/")
		row("^daemon/base/", "^rollcast/cleanup\\.h$|^daemon/base/")
		row("^daemon/(settings/|message\\.h)", "^rollcast/|^daemon/(base|settings)/")
		row("^daemon/(stream|train)/",
		    "^rollcast/|^daemon/(base|settings|group)/|^daemon/message\\.h$|^SAME/")
		row("^daemon/(in|group|guard|out|state|watch)/",
		    "^rollcast/|^daemon/(base|settings)/|^daemon/message\\.h$|^SAME/")
		row("^daemon/[a-z]+\\.[ch]$", "^rollcast/|^daemon/")
		row("^cli/state\\.c$", "^rollcast/|^daemon/(base/|message\\.h$|state/(store|reader)\\.h$)|^cli/")
		row("^cli/", "^rollcast/|^lib/series/accuracy\\.h$|^daemon/(base|settings)/|^cli/")

		# Of the system, the library has what only computes.
		system_of_lib = "^(assert|ctype|endian|errno|float|immintrin|inttypes|limits|malloc|math|regex|" \
			"stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string)\\.h$"
	}
	function row(files, headers) { from[++rows] = files; to[rows] = headers }
	function complain(why) {
		print file ": includes " header ": " why
		wrong = 1
	}
	{
		file = header = $0
		sub(/:.*/, "", file)
		sub(/[^:]*:[^<"]*/, "", header)
		sub(/[^>"]*$/, "", header)
		name = substr(header, 2, length(header) - 2)
		split(file, parts, "/")
		room = parts[1] "/" parts[2] "/"
		if (header ~ /^</) {
			if (file !~ /^lib\// && file !~ /^include\//)
				next
			if (name == "cblas.h" || name == "msgpack.h") {
				if (users[room name] != "" && users[room name] != file)
					complain("so does " users[room name] ", and one file of a room is enough")
				users[room name] = file
			} else if (name !~ system_of_lib) {
				complain("the library only computes")
			}
			next
		}
		for (i = 1; i <= rows && file !~ from[i]; i++)
			;
		if (i > rows) {
			complain("no row of this check covers the file")
			next
		}
		allowed = to[i]
		gsub(/SAME\//, room, allowed)
		if (name !~ allowed)
			complain("not from this room")
	}
	END { exit wrong }'
