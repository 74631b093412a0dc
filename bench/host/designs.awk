# Tables of lines `BENCH ...` of host-designs: round trips as a ratio to the raw one measured beside
# them, messages per second as a ratio to those of `base` with the same slots. Of pausing and not, the
# better one; the last column is what pausing makes of the rate with 128 slots.

BEGIN { sizes = split("4 16 64 128 256 512 4096", size, " ") }

$1 == "BENCH" {
    delete field
    for (i = 2; i <= NF; i++) {
        equals = index($i, "=")
        field[substr($i, 1, equals - 1)] = substr($i, equals + 1)
    }
    who = field["transport"]
    key = field["placement"] SUBSEP who SUBSEP field["slots"]
    value = field["median"] + 0
    if (field["name"] == "rtt") {
        ratio = value / field["raw"]
        if (!(key in rtt) || ratio < rtt[key])
            rtt[key] = ratio
    } else if (field["name"] == "rate") {
        rates[key, field["pause"]] = value
        if (value > rate[key])
            rate[key] = value
        if (!(who in seen)) {
            seen[who] = 1
            order[++designs] = who
        }
    }
}

function row(placement, who,    i, key) {
    printf "%-15s", who
    for (i = 1; i <= sizes; i++)
        printf "%6.2f", rtt[placement, who, size[i]]
    printf "  "
    for (i = 1; i <= sizes; i++)
        printf "%6.2f", rate[placement, who, size[i]] / rate[placement, "base", size[i]]
    key = placement SUBSEP who SUBSEP 128
    printf "  %6.2f\n", rates[key, 1] / rates[key, 0]
}

END {
    places = split("cores hyperthreads", place, " ")
    for (p = 1; p <= places; p++) {
        if (!((place[p], "base", 128) in rate))
            continue
        printf "%-15s%*s  %*s\n", "", 6 * sizes, "round trip / raw", 6 * sizes, "rate / base"
        printf "%-15s", place[p]
        for (k = 1; k <= 2; k++) {
            for (i = 1; i <= sizes; i++)
                printf "%6d", size[i]
            printf "  "
        }
        print " pause"
        for (i = 1; i <= designs; i++)
            row(place[p], order[i])
    }
}
