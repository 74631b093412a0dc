# Judges the results of one test program, in the Test Anything Protocol (versions 12 to 14; KTAP at
# the top level). `status` is the program's exit status. Prints `PASSED FAILED SKIPPED`, then one
# line for each failure.
#
# That the program ended early, did not do what it planned, or failed without saying where counts as
# one failure.

function problem(text) {
    failed++
    problems = problems text "\n"
}

{ sub(/\r$/, "") }

/^ok / {
    results++
    if (/# *(SKIP|skip)/)
        skipped++
    else
        passed++
}

/^not ok / {
    results++
    problem($0)
}

/^1\.\.[0-9]+/ {
    planned = substr($1, 4) + 0
    has_plan = 1
}

/^Bail out!/ { problem($0) }

END {
    if (!has_plan)
        problem("no plan: it ended early, after " results + 0 " results (exit status " status ")")
    else if (results != planned)
        problem(results + 0 " results of " planned " planned (exit status " status ")")
    else if (status != 0 && failed == 0)
        problem("exit status " status " though no test failed")
    printf "%d %d %d\n%s", passed, failed, skipped, problems
}
