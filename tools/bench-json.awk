# Turns the lines `BENCH key=value ...` of a console's output into a JSON array of objects with the
# same keys.

BEGIN { printf "[" }

$1 == "BENCH" {
    printf "%s\n  {", (lines++ ? "," : "")
    for (i = 2; i <= NF; i++) {
        equals = index($i, "=")
        if (equals < 2) {
            print "bench-json: malformed line: " $0 >"/dev/stderr"
            exit bad = 1
        }
        value = substr($i, equals + 1)
        if (value !~ /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/)
            value = "\"" value "\""
        printf "%s\"%s\": %s", (i > 2 ? ", " : ""), substr($i, 1, equals - 1), value
    }
    printf "}"
}

END {
    print "\n]"
    exit bad
}
