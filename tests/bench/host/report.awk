# SPDX-License-Identifier: GPL-2.0-only
#
# Reads the CSV that `host` prints and says it as
#   how=table     text: each row, then what was asked for and whether it is met
#   how=markdown  the same for a document, ratios only
#   how=svg       a plot: a bar for each row, a mark where its target is
#
# A ratio is how many times better hpdma is than its peer, whatever the unit.

function max(a, b) { return a > b ? a : b }
function min(a, b) { return a < b ? a : b }

# Targets are compared with what is printed.
function rounded(x)
{
	return x < 10 ? sprintf("%.2f", x) + 0 : x
}

function ratio_to(peer, i)
{
	if (hpdma[i] == "" || peer == "")
		return ""
	return rounded(unit[i] == "M/s" ? hpdma[i] / peer : peer / hpdma[i])
}

# What is asked of row i: "" if nothing, else met, MISSED or "not measured".
function verdict(i)
{
	if (!want_dpdk[i] && !want_glibc[i] && !want_most[i])
		return ""
	if (hpdma[i] == "" || (want_dpdk[i] && dpdk[i] == "") || \
	    (want_glibc[i] && glibc[i] == ""))
		return "not measured"
	if ((want_dpdk[i] && ratio_to(dpdk[i], i) < want_dpdk[i]) || \
	    (want_glibc[i] && ratio_to(glibc[i], i) < want_glibc[i]) || \
	    (want_most[i] && hpdma[i] > want_most[i]))
		return "MISSED"
	return "met"
}

function target(i,  text)
{
	if (want_dpdk[i])
		text = ">=" want_dpdk[i]
	if (want_glibc[i])
		text = text ", glibc >=" want_glibc[i]
	if (want_most[i])
		text = "<=" want_most[i] " " unit[i]
	return text
}

function number(x)
{
	if (x == "")
		return "-"
	return sprintf(x < 10 ? "%.2f" : x < 100 ? "%.1f" : "%.0f", x)
}

# The group's rows in a few numbers: rows, missed, mean[], least[] of each peer.
function sum_up(group,  i, r, logs, logs_glibc)
{
	rows = missed = absent = with_dpdk = with_glibc = logs = logs_glibc = 0
	least = least_glibc = most = ""
	want_mean = 0
	for (i = 1; i <= n; i++) {
		if (group_of[i] != group)
			continue
		rows++
		missed += verdict(i) == "MISSED"
		absent += verdict(i) == "not measured"
		want_mean = mean_of[i]
		if (hpdma[i] != "")
			most = max(most, hpdma[i] + 0)
		r = ratio_to(dpdk[i], i)
		if (r != "") {
			with_dpdk++
			logs += log(max(r, 0.01))
			least = least == "" ? r : min(least, r)
		}
		r = ratio_to(glibc[i], i)
		if (r != "" && want_glibc[i]) {
			with_glibc++
			logs_glibc += log(max(r, 0.01))
			least_glibc = least_glibc == "" ? r : min(least_glibc, r)
		}
	}
	mean = with_dpdk ? exp(logs / with_dpdk) : ""
	mean_glibc = with_glibc ? exp(logs_glibc / with_glibc) : ""
	mean = mean == "" ? "" : rounded(mean)
	mean_missed = want_mean && mean != "" && mean < want_mean
}

function summary_verdict()
{
	if (missed || mean_missed)
		return sprintf("MISSED (%s%s%s)", \
			missed ? missed " of " rows " rows" : "", \
			missed && mean_missed ? ", " : "", \
			mean_missed ? "mean" : "")
	return absent ? "not measured (" absent " of " rows " rows)" : "met"
}

function table(  g, i, last)
{
	for (i = 1; i <= n; i++) {
		if (group_of[i] != last)
			printf "\n%-48s %-8s %-6s %9s %9s %9s %8s %8s\n", \
				group_of[i], "", "", "hpdma", "dpdk", "glibc", \
				"to dpdk", "to glibc"
		last = group_of[i]
		printf "  %-46s %-8s %-6s %9s %9s %9s %8s %8s  %s%s\n", row[i], \
			column[i], unit[i], number(hpdma[i]), number(dpdk[i]), \
			number(glibc[i]), number(ratio_to(dpdk[i], i)), \
			number(ratio_to(glibc[i], i)), verdict(i), \
			verdict(i) == "MISSED" ? " (" target(i) ")" : ""
	}
	printf "\n%-44s %5s %10s %10s %10s %10s  %s\n", "times better than", "rows", \
		"dpdk mean", "dpdk least", "glibc mean", "glibc least", "targets"
	for (g = 1; g <= groups; g++) {
		sum_up(group[g])
		printf "%-44s %5d %10s %10s %10s %10s  %s\n", group[g], rows, \
			number(mean), number(least), number(mean_glibc), \
			number(least_glibc), summary_verdict()
	}
}

# A group's ratios, its rows by its columns.
function matrix(g,  i, j, k, columns, name, lines, line, cell, known, peers)
{
	columns = lines = 0
	for (i = 1; i <= n; i++) {
		if (group_of[i] != g)
			continue
		if (!((g, column[i]) in known)) {
			known[g, column[i]] = 1
			name[++columns] = column[i]
		}
		if (!((g, row[i]) in known)) {
			known[g, row[i]] = 1
			line[++lines] = row[i]
		}
		peers = peers || glibc[i] != ""
		k = number(ratio_to(dpdk[i], i))
		if (glibc[i] != "")
			k = k " / " number(ratio_to(glibc[i], i))
		if (!want_dpdk[i] && !want_glibc[i])
			k = number(hpdma[i]) " " unit[i] "; DPDK " number(dpdk[i])
		cell[row[i], column[i]] = verdict(i) == "MISSED" ? "**" k "**" : k
	}
	printf "\n| %s%s |", g, peers ? ", to DPDK / to glibc" : ""
	for (j = 1; j <= columns; j++)
		printf " %s |", name[j]
	printf "\n| --- |"
	for (j = 1; j <= columns; j++)
		printf " ---: |"
	printf "\n"
	for (i = 1; i <= lines; i++) {
		printf "| %s |", line[i]
		for (j = 1; j <= columns; j++)
			printf " %s |", cell[line[i], name[j]]
		printf "\n"
	}
}

function markdown(  g)
{
	print "| times better than | DPDK, mean | DPDK, least | glibc, mean | " \
		"glibc, least | targets |"
	print "| --- | ---: | ---: | ---: | ---: | --- |"
	for (g = 1; g <= groups; g++) {
		sum_up(group[g])
		printf "| %s | %s | %s | %s | %s | %s |\n", group[g], \
			number(mean), number(least), number(mean_glibc), \
			number(least_glibc), summary_verdict()
	}
	for (g = 1; g <= groups; g++)
		matrix(group[g])
}

# Where a ratio stands on the axis, which is logarithmic.
function x_of(r)
{
	return left + width * log(max(r, low) / low) / log(high / low)
}

function text(x, y, anchor, colour, what)
{
	gsub(/&/, "\\&amp;", what)
	gsub(/</, "\\&lt;", what)
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s" \
		"</text>\n", x, y, anchor, colour, what
}

function line(x, top, bottom, colour, thick)
{
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" " \
		"stroke=\"%s\" stroke-width=\"%s\"/>\n", x, top, x, bottom, \
		colour, thick
}

# From 1 to the ratio, so that what is worse goes to the left.
function bar(y, r, colour, value,  a, b)
{
	a = min(x_of(1), x_of(r))
	b = max(x_of(1), x_of(r))
	printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"9\" " \
		"fill=\"%s\"/>\n", a, y - 8, max(b - a, 1), colour
	text(b + 4, y, "start", "#333", value)
}

function svg_row(i, peer, want, y,  r, colour, value)
{
	r = ratio_to(peer, i)
	if (r == "")
		return
	colour = "#8a8a8a"
	if (want || want_most[i])
		colour = "#2e8b57"
	if ((want && r < want) || (want_most[i] && hpdma[i] > want_most[i]))
		colour = "#c0392b"
	value = number(r)
	if (want_most[i])
		value = value "   (" number(hpdma[i]) " " unit[i] "; at most " \
			want_most[i] ")"
	bar(y, r, colour, value)
	if (want)
		line(x_of(want), y - 9, y + 2, "#000", 1.5)
}

function svg(  i, y, last, height, r, tick, label)
{
	left = 330
	width = 560
	low = 0.5
	high = 10
	height = 80
	for (i = 1; i <= n; i++) {
		r = max(ratio_to(dpdk[i], i) + 0, ratio_to(glibc[i], i) + 0)
		while (high < r)
			high *= 10
		while (r > 0 && low > min(r, ratio_to(glibc[i], i) == "" ? r : \
				ratio_to(glibc[i], i)))
			low /= 2
		height += 12 + (glibc[i] != "" ? 12 : 0)
		height += group_of[i] != last ? 24 : 0
		last = group_of[i]
	}
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" " \
		"height=\"%d\" font-family=\"sans-serif\" font-size=\"10\">\n", \
		left + width + 190, height
	printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
	printf "<g font-size=\"14\">"
	text(10, 22, "start", "#000", "libhpdma beside DPDK: how many times better")
	printf "</g>\n"
	text(10, 38, "start", "#555", "green: target met; red: missed; grey: none. " \
		"The black mark is the target of the row.")
	for (tick = 0.001; tick <= high; tick *= 10) {
		for (r = 1; r <= 5; r = r == 1 ? 2 : r + 3) {
			if (r * tick < low * 0.999 || r * tick > high * 1.001)
				continue
			line(x_of(r * tick), 56, height - 8, \
				r * tick == 1 ? "#666" : "#ddd", 1)
			text(x_of(r * tick), 52, "middle", "#555", r * tick)
		}
	}
	# Not as a sum of tenths: the line at 1 is drawn again, darker.
	line(x_of(1), 56, height - 8, "#666", 1)
	y = 60
	last = ""
	for (i = 1; i <= n; i++) {
		if (group_of[i] != last) {
			y += 24
			printf "<g font-weight=\"bold\">"
			text(10, y - 6, "start", "#000", group_of[i])
			printf "</g>\n"
		}
		last = group_of[i]
		label = row[i] ", " column[i]
		y += 12
		text(left - 12, y, "end", "#000", \
			label (glibc[i] != "" ? ", to DPDK" : ""))
		svg_row(i, dpdk[i], want_dpdk[i], y)
		if (glibc[i] != "") {
			y += 12
			text(left - 12, y, "end", "#777", "to glibc")
			svg_row(i, glibc[i], want_glibc[i], y)
		}
	}
	print "</svg>"
}

BEGIN { FS = "," }

NR > 1 {
	n++
	group_of[n] = $1
	row[n] = $2
	column[n] = $3
	unit[n] = $4
	hpdma[n] = $5
	dpdk[n] = $8
	glibc[n] = $11
	want_dpdk[n] = $14 + 0
	want_glibc[n] = $15 + 0
	mean_of[n] = $16 + 0
	want_most[n] = $17 + 0
	if (!($1 in seen)) {
		seen[$1] = 1
		group[++groups] = $1
	}
}

END {
	if (how == "markdown")
		markdown()
	else if (how == "svg")
		svg()
	else
		table()
}
