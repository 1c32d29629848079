# SPDX-License-Identifier: MIT
#
# A man page (mdoc) of a public header and its kernel-doc; see man3.sh.
#
#	awk -f man3.awk -v page=hpdma_buf -v include=hpdma/buf.h -v date=... \
#		-v example=FILE -v also="hpdma_dma libhpdma" HEADER

# Text as roff is to read it; @name, &struct name, ``name`` and name() in bold
# or italics
function inline(text,    out)
{
	# &struct name and &name.member
	gsub(/&/, "", text)
	gsub(/…/, "...", text)
	gsub(/\\/, "\\e", text)
	gsub(/-E/, "\\-E", text)
	while (match(text, /``[^`]*``/))
		text = substr(text, 1, RSTART - 1) "\\fB" \
			substr(text, RSTART + 2, RLENGTH - 4) "\\fP" \
			substr(text, RSTART + RLENGTH)
	while (match(text, /@[a-z_][a-z0-9_]*/))
		text = substr(text, 1, RSTART - 1) "\\fI" \
			substr(text, RSTART + 1, RLENGTH - 1) "\\fP" \
			substr(text, RSTART + RLENGTH)
	out = ""
	while (match(text, /[A-Za-z_][A-Za-z0-9_]*\(\)/)) {
		out = out substr(text, 1, RSTART - 1) "\\fB" \
			substr(text, RSTART, RLENGTH - 2) "\\fP\\&()"
		text = substr(text, RSTART + RLENGTH)
	}
	text = out text
	return text
}

# One line that does not begin as a request
function line(text)
{
	print (text ~ /^[.']/ ? "\\&" : "") text
}

# A paragraph: each sentence begins a line, none is long
function fill(text,    i, count, words, out)
{
	count = split(inline(text), words, /[ \t\n]+/)
	out = ""
	for (i = 1; i <= count; i++) {
		if (words[i] == "")
			continue
		if (out != "" && length(out) + length(words[i]) > 76) {
			line(out)
			out = ""
		}
		out = out (out == "" ? "" : " ") words[i]
		if (words[i] ~ /[.!?][)"]?$/) {
			line(out)
			out = ""
		}
	}
	if (out != "")
		line(out)
}

function code(text)
{
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	line(text)
}

function end_block()
{
	if (block == "list")
		print ".El"
	if (block == "code")
		print ".Ed"
	block = ""
}

# Paragraphs, lists of "- " and what is indented, from text[from] to text[to]
function body(text, from, to, first,    i, para, row)
{
	para = ""
	block = ""
	for (i = from; i <= to + 1; i++) {
		row = i <= to ? text[i] : ""
		if (block == "code" && row !~ /^(\t|    )/)
			end_block()
		if (row == "" || row ~ /^- / || row ~ /^(\t|    )/) {
			if (para != "") {
				if (block == "" && !first)
					print ".Pp"
				fill(para)
				first = 0
				para = ""
			}
		}
		if (row == "")
			continue
		if (row ~ /^- /) {
			if (block != "list")
				print ".Bl -bullet"
			block = "list"
			print ".It"
			para = substr(row, 3)
		} else if (row ~ /^(\t|    )/ && block != "list") {
			if (block != "code") {
				print ".Bd -literal -offset indent"
				block = "code"
			}
			sub(/^(\t|    )/, "", row)
			code(row)
			first = 0
		} else {
			if (block == "list" && row !~ /^[ \t]/)
				end_block()
			para = para (para == "" ? "" : "\n") row
		}
	}
	end_block()
}

# "a, b(c, d), e" at its outer commas
function arguments(text, out,    i, c, depth, count)
{
	count = 1
	out[1] = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		depth += (c == "(") - (c == ")")
		if (c == "," && !depth) {
			count++
			out[count] = ""
		} else if (c != " " || out[count] != "") {
			out[count] = out[count] c
		}
	}
	return count
}

function synopsis(i,    proto, at, type, count, args, j)
{
	proto = decl[i]
	gsub(/[ \t\n]+/, " ", proto)
	sub(/^ /, "", proto)
	gsub(/(HPDMA_API|static|inline) /, "", proto)
	at = index(proto, name[i] "(")
	type = substr(proto, 1, at - 1)
	sub(/ $/, "", type)
	proto = substr(proto, at + length(name[i]) + 1)
	sub(/\)[^)]*$/, "", proto)
	count = arguments(proto, args)
	print ".Ft \"" type "\""
	print ".Fo " name[i]
	for (j = 1; j <= count; j++)
		print ".Fa \"" args[j] "\""
	print ".Fc"
}

function members(i,    j)
{
	if (!params[i])
		return
	print ".Bl -tag -width Ds"
	for (j = 1; j <= params[i]; j++) {
		print ".It " (kind[i] == "enum" ? "Dv " : "Fa ") param[i, j]
		fill(about[i, j])
	}
	print ".El"
}

function describe(i,    j, rows)
{
	print ".Ss " (kind[i] == "function" ? name[i] "()" : \
		kind[i] " " name[i])
	fill(toupper(substr(short[i], 1, 1)) substr(short[i], 2) ".")
	if (kind[i] != "function") {
		print ".Bd -literal -offset indent"
		count = split(decl[i], rows, /\n/)
		for (j = 1; j <= count; j++)
			code(rows[j])
		print ".Ed"
	}
	members(i)
	for (j = 1; j <= rows_of[i]; j++)
		rows[j] = row_of[i, j]
	body(rows, 1, rows_of[i], 0)
	if (kind[i] != "function" && returns[i] != "") {
		print ".Pp"
		fill("Returns: " returns[i])
	}
}

# Ends a kernel-doc comment: a declaration follows.
function begin_entry(head,    dash)
{
	entries++
	dash = index(head, " - ")
	short[entries] = substr(head, dash + 3)
	head = substr(head, 1, dash - 1)
	kind[entries] = "function"
	if (match(head, /^(struct|enum|union|typedef) /)) {
		kind[entries] = substr(head, 1, RLENGTH - 1)
		head = substr(head, RLENGTH + 1)
	}
	sub(/\(\)$/, "", head)
	name[entries] = head
	params[entries] = 0
	rows_of[entries] = 0
	returns[entries] = ""
	decl[entries] = ""
	part = "short"
}

function doc_line(row,    at)
{
	if (row ~ /^@[A-Za-z0-9_.]+:/ && part != "body") {
		at = index(row, ":")
		params[entries]++
		param[entries, params[entries]] = substr(row, 2, at - 2)
		about[entries, params[entries]] = substr(row, at + 2)
		part = "param"
	} else if (row ~ /^Returns?:/) {
		sub(/^Returns?:[ \t]*/, "", row)
		returns[entries] = row
		part = "return"
	} else if (row ~ /^Since:/) {
		since = row
		sub(/^Since:[ \t]*/, "", since)
		part = "body"
	} else if (row == "") {
		part = "body"
		if (rows_of[entries])
			row_of[entries, ++rows_of[entries]] = ""
	} else if (part == "return") {
		returns[entries] = returns[entries] "\n" row
	} else if (part == "param") {
		about[entries, params[entries]] = \
			about[entries, params[entries]] "\n" row
	} else if (part == "short") {
		short[entries] = short[entries] " " row
	} else {
		row_of[entries, ++rows_of[entries]] = row
	}
}

function decl_line(row)
{
	decl[entries] = decl[entries] (decl[entries] == "" ? "" : "\n") row
	if (row ~ /^#/)
		kind[entries] = "macro"
	if (kind[entries] == "macro")
		state = row ~ /\\$/ ? "decl" : ""
	else if (kind[entries] ~ /^(struct|enum|union)$/)
		state = row ~ /^}/ ? "" : "decl"
	else if (row == "{" || row ~ /;$/) {
		sub(/\n[{]$/, "", decl[entries])
		state = ""
	}
}

state == "decl" { decl_line($0); next }
/\*\/$/ && state != "" {
	if (state == "doc")
		state = "decl"
	else
		state = ""
	next
}
state == "opening" || state == "doc" {
	row = $0
	sub(/^ \*/, "", row)
	sub(/^ /, "", row)
	if (state == "opening")
		opening[++openings] = row
	else if (part == "")
		begin_entry(row)
	else
		doc_line(row)
	next
}
/^\/\*\*$/ { state = "doc"; part = ""; next }
/^\/\*$/ && !openings { state = "opening"; next }
/^\/\*$/ { state = "comment"; next }

END {
	print ".\\\" Made from " include " by man3.sh: change it there."
	print ".Dd " date
	print ".Dt " toupper(page) " 3"
	print ".Os"
	print ".Sh NAME"
	# "Buffers: pinned memory. What devices ..." and "libhpdma - pinned ..."
	title = ""
	for (i = 1; i <= openings && opening[i] != ""; i++)
		title = title (title == "" ? "" : " ") opening[i]
	sub(/^[a-z]+ - /, "", title)
	sub(/\.( .*)?$/, "", title)
	title = tolower(substr(title, 1, 1)) substr(title, 2)
	functions = 0
	for (i = 1; i <= entries; i++)
		functions += kind[i] == "function"
	print ".Nm " page (functions ? " ," : "")
	for (i = 1; i <= entries; i++)
		if (kind[i] == "function")
			print ".Nm " name[i] (--functions ? " ," : "")
	print ".Nd " inline(title)
	print ".Sh SYNOPSIS"
	print ".In " include
	for (i = 1; i <= entries; i++)
		if (kind[i] == "function")
			synopsis(i)
	print ".Sh DESCRIPTION"
	body(opening, 1, openings, 1)
	print ".Pp"
	fill("Link with what ``pkg-config --libs libhpdma`` says.")
	if (page != "libhpdma") {
		print "What holds for all functions is in"
		print ".Xr libhpdma 3 ."
	}
	for (i = 1; i <= entries; i++)
		describe(i)
	some = 0
	for (i = 1; i <= entries; i++) {
		if (returns[i] == "" || kind[i] != "function")
			continue
		if (!some++) {
			print ".Sh RETURN VALUES"
			print ".Bl -tag -width Ds"
		}
		print ".It Fn " name[i]
		fill(toupper(substr(returns[i], 1, 1)) substr(returns[i], 2))
	}
	if (some)
		print ".El"
	if (example != "") {
		print ".Sh EXAMPLES"
		print ".Bd -literal"
		while ((getline row < example) > 0)
			if (row !~ /SPDX-License/)
				code(row)
		print ".Ed"
	}
	print ".Sh SEE ALSO"
	count = split(also, others, " ")
	for (i = 1; i <= count; i++)
		print ".Xr " others[i] " 3 ,"
	print ".Xr hpdma 4"
	if (since != "") {
		print ".Sh HISTORY"
		print "Since libhpdma " since "."
	}
}
