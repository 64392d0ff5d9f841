# What a program says of itself with --help, as mdoc(7). Blocks are divided by empty lines:
#
#	Usage: rollcast watch [OPTION]...     a line to show (with more lines, indented as far)
#	Show forecasts as they come: ...      text
#
#	  --json      a JSON object per line  an option; what follows it, further to the right, belongs to it
#	  LAST        the last value          anything else that is indented is shown as it stands
BEGIN { width = 0 }

function escape(text) {
	gsub(/\\/, "\\e", text)
	gsub(/--/, "\\-\\-", text)
	if (text ~ /^[.']/)
		text = "\\&" text
	return text
}

# A sentence a line.
function say(text,   at) {
	while (match(text, /[a-z0-9)][.!?] [A-Z0-9`"$-]/)) {
		at = RSTART + 1
		print escape(substr(text, 1, at))
		text = substr(text, at + 2)
	}
	if (text != "")
		print escape(text)
}

function flush_text() {
	if (text != "")
		say(text)
	text = ""
}

# What the lines before were: "", "text", "list" or "shown".
function become(next_kind) {
	if (kind == next_kind)
		return
	flush_text()
	if (kind == "list")
		print ".El"
	if (kind == "shown")
		print ".Ed"
	if (next_kind == "list")
		print ".Bl -tag -width Ds"
	if (next_kind == "shown")
		print ".Bd -literal -offset indent"
	if (next_kind == "text" && written)
		print ".Pp"
	kind = next_kind
	written = 1
}

# -c, --config PATH  as macros
function item(left,   words, count, i, macros) {
	count = split(left, words, " ")
	macros = ".It"
	for (i = 1; i <= count; i++) {
		if (words[i] ~ /^-[A-Za-z],$/)
			macros = macros " Fl " substr(words[i], 2, 1) " ,"
		else if (words[i] ~ /^--?/)
			macros = macros " Fl " substr(words[i], 2)
		else
			macros = macros " Ar " words[i]
	}
	gsub(/Fl -/, "Fl \\-", macros)
	print macros
}

/^Usage: / || (NR > 1 && usage && /^       /) {
	usage = 1
	sub(/^(Usage: |       )/, "")
	print ".D1 " escape($0)
	written = 1
	next
}
{ usage = 0 }

/^$/ {
	flush_text()
	become("")
	next
}

/^ +(-[A-Za-z], )?--[a-z]/ {
	flush_text()
	become("list")
	sub(/^ +/, "")
	at = match($0, /  +/)
	if (!at)
		at = match($0, / [^A-Z ]/)
	item(at ? substr($0, 1, at - 1) : $0)
	text = at ? substr($0, at) : ""
	sub(/^ +/, "", text)
	next
}

kind == "list" && /^ +/ {
	sub(/^ +/, "")
	text = text == "" ? $0 : text " " $0
	next
}

/^ +/ {
	become("shown")
	sub(/^  /, "")
	print escape($0)
	next
}

{
	become("text")
	text = text == "" ? $0 : text " " $0
}

END { flush_text(); become("") }
