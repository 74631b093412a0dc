# Compares figures with their ceilings: awk -f bench-check.awk CEILINGS CONSOLE. Prints the Test
# Anything Protocol; the exit status is 0 only if every figure is there and at most its ceiling.

FNR == NR {
    if ($0 !~ /^#/ && NF == 2) {
        names[++count] = $1
        ceiling[$1] = $2
    }
    next
}

$1 == "BENCH" {
    delete field
    for (i = 2; i <= NF; i++) {
        equals = index($i, "=")
        field[substr($i, 1, equals - 1)] = substr($i, equals + 1)
    }
    median[field["name"]] = field["median"]
    unit[field["name"]] = field["unit"]
}

END {
    print "1.." count
    for (i = 1; i <= count; i++) {
        name = names[i]
        if (!(name in median))
            verdict = "not ok " i " - " name " was not measured"
        else
            verdict = sprintf("%s %d - %s: %d %s, ceiling %d",
                              median[name] + 0 <= ceiling[name] + 0 ? "ok" : "not ok", i, name,
                              median[name], unit[name], ceiling[name])
        failed += verdict ~ /^not/
        print verdict
    }
    exit failed != 0 || count == 0
}
