# Splits figures into the tables that report.gp draws: awk -v dir=DIR -f tables.awk FIGURES LATENCIES.
# A table is named FIGURE.PLACEMENT.TRANSPORT or FIGURE.PLACEMENT.

BEGIN {
    label["urpc"] = "channel"
    label["urpc-in-place"] = "channel,\\nin place"
    label["boost"] = "boost"
    label["ck"] = "ck\\\\_ring"
    label["dpdk"] = "DPDK\\nrte\\\\_ring"
    label["socketpair"] = "socket\\npair"
    label["mq"] = "POSIX\\nmq"
    label["pipe"] = "pipe"
}

FILENAME ~ /latencies/ {
    total[$2 "." $1] += $4
    lines[++latencies] = $0
    next
}

# Both placements of a pair count, as often as they were seen.
function between(a, b) {
    ticks[a, b] += field["n"] * field["median"]
    seen[a, b] += field["n"]
    most = a > most ? a + 0 : most
}

# Row by row; the last columns are the processors' names.
function print_map(    a, b, columns, names) {
    for (a = 0; a <= most; a++)
        for (b = 0; b <= most; b++)
            if ((a, b) in seen) {
                names[columns++] = a
                break
            }
    for (a = 0; a < columns; a++)
        for (b = 0; b < columns; b++)
            print a, b, ((names[a], names[b]) in seen) ? ticks[names[a], names[b]] / seen[names[a], names[b]] : "NaN",
                  names[a], names[b] >(dir "/map.all")
}

$1 == "BENCH" {
    delete field
    for (i = 2; i <= NF; i++) {
        equals = index($i, "=")
        field[substr($i, 1, equals - 1)] = substr($i, equals + 1)
    }
    where = field["placement"]
    who = field["transport"]
    spread = field["median"] " " field["q1"] " " field["q3"]
    if (field["name"] == "rate") {
        print field["slots"], spread >(dir "/slots." where "." who)
        single[where, who, field["slots"]] = field["median"]
    } else if (field["name"] == "rate_batch") {
        batch[where, who] = field["median"]
        slots = who == "urpc" ? field["slots"] : slots
    } else if (field["name"] == "bulk") {
        print field["bytes"], spread >(dir "/bulk." where "." who)
    } else if ("processor0" in field) {
        between(field["processor0"], field["processor1"])
        between(field["processor1"], field["processor0"])
    }
}

END {
    print_map()
    bars = split("urpc urpc-in-place boost ck dpdk pipe socketpair mq", order, " ")
    places = split("cores hyperthreads", place, " ")
    for (p = 1; p <= places; p++)
        for (i = 1; i <= bars; i++)
            if ((place[p], order[i], slots) in single)
                printf "\"%s\" %s %s\n", label[order[i]], single[place[p], order[i], slots],
                       (place[p], order[i]) in batch ? batch[place[p], order[i]] : "NaN" \
                       >(dir "/rate." place[p])
    for (i = 1; i <= latencies; i++) {
        split(lines[i], part, " ")
        what = part[2] "." part[1]
        sum[what] += part[4]
        print part[3], 100 * sum[what] / total[what] >(dir "/latency." what)
    }
}
