# Compares channels with the raw round trip and with the best peer library, from lines `BENCH ...`.
# Prints one line for each comparison and placement; with html=1, rows of a table.

$1 == "BENCH" {
    delete field
    for (i = 2; i <= NF; i++) {
        equals = index($i, "=")
        field[substr($i, 1, equals - 1)] = substr($i, equals + 1)
    }
    key = field["placement"] SUBSEP field["name"] SUBSEP field["transport"]
    # Of a queue in several sizes, the one in which all works were measured.
    if (field["name"] == "rate_batch" && field["transport"] == "urpc")
        slots = field["slots"]
    if (field["name"] ~ /^(rtt|rate)$/) {
        by_slots[key, field["slots"]] = field["median"] + 0
        samples[key, field["slots"]] = field["n"]
        raws[key, field["slots"]] = field["raw"]
    } else if (!("processor0" in field)) {
        median[key] = field["median"] + 0
        samples[key, field["slots"]] = field["n"]
    }
}

function figure(placement, name, transport,    key) {
    key = placement SUBSEP name SUBSEP transport
    return name == "rate_batch" ? median[key] : by_slots[key, slots]
}

# The best of the libraries; sets `best`.
function library(placement, name,    count, names, i, value, most) {
    count = split("boost ck dpdk", names, " ")
    best = ""
    for (i = 1; i <= count; i++) {
        value = figure(placement, name, names[i])
        if (value > most) {
            most = value
            best = names[i]
        }
    }
    return most
}

function say(placement, what, ratio, goal, n) {
    if (html)
        printf "<tr><td>%s</td><td>%s</td><td class=\"number\">%.2f</td><td>%s</td><td class=\"number\">%d</td></tr>\n",
               what, placement, ratio, goal, n
    else
        printf "%-52s %-13s %6.2f  (goal: %s; %d samples)\n", what, placement, ratio, goal, n
}

function compare(placement, name, transport, what, goal,    ours, theirs, n) {
    ours = figure(placement, name, transport)
    theirs = library(placement, name)
    n = samples[placement SUBSEP name SUBSEP transport, slots]
    if (ours > 0 && theirs > 0)
        say(placement, what ", channel / " best, ours / theirs, goal, n)
}

END {
    count = split("cores hyperthreads", placements, " ")
    for (p = 1; p <= count; p++) {
        placement = placements[p]
        key = placement SUBSEP "rtt" SUBSEP "urpc" SUBSEP slots
        if (!(key in by_slots)) {
            if (!html)
                printf "%s: no processors were placed like that\n", placement
            continue
        }
        say(placement, "round trip, channel / raw", by_slots[key] / raws[key],
            placement == "cores" ? "at most 1.08" : "at most 1.30", samples[key])
        key = placement SUBSEP "rtt" SUBSEP "raw-ring" SUBSEP slots
        if (by_slots[key] > 0)
            say(placement, "round trip, raw in the lines of such a ring / raw", by_slots[key] / raws[key],
                "none", samples[key])
        compare(placement, "rate", "urpc", "messages per second, single", "at least 1.5")
        compare(placement, "rate_batch", "urpc", "the same, in batches", "at least 3")
        compare(placement, "rate_batch", "urpc-in-place", "the same, not copied", "at least 3")
    }
}
