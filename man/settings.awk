# The sections of docs/settings.md, a table each, as mdoc(7).
function escape(text,   parts, count, i, out) {
	gsub(/\\\|/, "|", text)
	gsub(/\\/, "\\e", text)
	gsub(/--/, "\\-\\-", text)
	count = split(text, parts, "`")
	for (i = 1; i <= count; i++)
		out = out (i % 2 ? parts[i] : "\\fB" parts[i] "\\fP")
	return (out ~ /^[.']/ ? "\\&" : "") out
}

# A sentence a line.
function say(text,   at) {
	while (match(text, /[a-z0-9)`][.!?] [A-Z0-9`"$-]/)) {
		at = RSTART + 1
		print escape(substr(text, 1, at))
		text = substr(text, at + 2)
	}
	print escape(text)
}

/^## / {
	if (listed)
		print ".El"
	listed = 0
	section = substr($0, 4)
	printf ".Ss %s\n", section
	next
}
section == "" || /^$/ || /^\| key/ || /^\|---/ { next }

# | `key` | value | range | default | meaning |
/^\| / {
	if (!listed)
		print ".Bl -tag -width Ds"
	listed = 1
	gsub(/^\| | \|$/, "")
	gsub(/\\\|/, "\001")
	count = split($0, cells, / *\| */)
	for (i = 1; i <= count; i++)
		gsub(/\001/, "|", cells[i])
	gsub(/`/, "", cells[1])
	printf ".It Cm %s\n", cells[1]
	about = cells[2] (cells[3] == "" ? "" : "; " cells[3])
	say(toupper(substr(about, 1, 1)) substr(about, 2) (cells[4] == "required" ? "; required." : "; default " cells[4] "."))
	print ".br"
	say(cells[5])
	next
}
{ say($0) }
END {
	if (listed)
		print ".El"
}
