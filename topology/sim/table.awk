# The agreed unmap in lines of topology-sim, as a table: cores in powers of two, medians over roots.

function is_power_of_two(n) {
    while (n > 1)
        n /= 2
    return n == 1
}

function note() {
    if (field["tree"] == "flat")
        order[++count] = cores
    median[cores, field["tree"]] = field["median"]
    rounds[cores] = field["rounds"]
    unit = field["unit"]
}

$1 == "BENCH" {
    for (i = 2; i <= NF; i++) {
        equals = index($i, "=")
        field[substr($i, 1, equals - 1)] = substr($i, equals + 1)
    }
    cores = field["cores"] + 0
    if (field["name"] == "unmap_all" && field["unit"] != "transfers" && is_power_of_two(cores))
        note()
}

END {
    print "An unmapping that all cores agree on, " unit ":\n"
    printf "%5s %9s %9s %9s %6s %6s %8s\n", "cores", "flat", "binomial", "multicast", "rounds", "ratio", "doubling"
    for (i = 1; i <= count; i++) {
        cores = order[i]
        tree = median[cores, "multicast"]
        printf "%5d %9d %9d %9d %6d %6.1f%s\n", cores, median[cores, "flat"], median[cores, "binomial"],
            tree, rounds[cores], median[cores, "flat"] / tree, (i == 1 ? "" : sprintf(" %8s", "+" (tree - last)))
        last = tree
    }
    print ""
}
