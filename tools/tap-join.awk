# Joins several files of the Test Anything Protocol into one, numbered through.

/^(ok|not ok) / {
    match($0, /^(ok|not ok) +[0-9]*/)
    rest = substr($0, RLENGTH + 1)
    lines[++count] = (/^ok/ ? "ok " : "not ok ") count rest
}

END {
    print "1.." count
    for (i = 1; i <= count; i++)
        print lines[i]
}
