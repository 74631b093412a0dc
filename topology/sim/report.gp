# Draws cost against cores: gnuplot -e "dir='...'; system_unit='...'; prices='...'; output_file='...'" report.gp
# The tables in `dir` are those of report.sh.

set terminal svg size 1240,820 font "sans-serif,13" background "#ffffff" linewidth 1.2
set output output_file
set border 3 lc rgb "#666666"
set tics nomirror
set grid ytics lc rgb "#dddddd" lw 0.6
set logscale x 2
trees = "flat multicast binomial" # the thin line lies over the thick one
colour(tree) = tree eq "flat" ? "#5d6d7e" : tree eq "binomial" ? "#2471a3" : "#c0392b"
label(tree) = tree eq "flat" ? "flat: the root sends to everybody" : tree eq "binomial" ? \
    "binomial, by the numbers of cores" : "multicast, by the topology"
width(tree) = tree eq "multicast" ? 3.2 : 1.8
mark(tree) = tree eq "flat" ? 5 : tree eq "binomial" ? 9 : 7
sim(name, tree) = dir . "/sim." . name . "." . tree
uniform(name, tree) = dir . "/uniform." . name . "." . tree
points(name) = system("for t in flat binomial multicast; do test -s '" . dir . "/system." . name . ".'$t && printf '%s ' $t; done; true")
# Without any there is still one word, the empty one.
measured(name, tree) = tree eq "" ? dir . "/none" : dir . "/system." . name . "." . tree
title_of(name) = name eq "multicast" ? "multicast" : name eq "agree" ? "agreement (two phases)" : "agreed unmap"

legend(i) = 0.065 + 0.27 * (i - 1)

set multiplot layout 2,3 margins 0.065,0.985,0.11,0.87 spacing 0.05,0.15
do for [i = 1:words(trees)] {
    tree = word(trees, i)
    set arrow i from screen legend(i),0.968 to screen legend(i) + 0.03,0.968 nohead lw width(tree) lc rgb colour(tree)
    set label i label(tree) at screen legend(i) + 0.038,0.968
}
set label 9 "Curves: simulation. " . (system_unit eq "" ? \
    "The system has not been measured here yet: run make bench." : system_unit eq "insn" ? \
    "Points: the system, its instructions on the critical path." : "Points: the system, in " . system_unit . ".") . \
    " Above, a core more adds 1 to the flat tree; below, two cores take 1." at screen 0.065,0.025 font ",12" tc rgb "#444444"

# Above, as many cores as the system has, and every transfer at the same price, as instructions are
# counted. To the right are doublings, so that a straight line is a logarithm.
set xrange [1.8:72]
set xtics ("2" 2, "4" 4, "8" 8, "16" 16, "32" 32, "64" 64)
set yrange [0:64]
set ytics 16
do for [name in "multicast agree unmap_all"] {
    set title title_of(name) . ", every transfer costs the same" noenhanced
    set ylabel name eq "multicast" ? "cost (lower is better)" : "" offset 1
    unset key
    plot for [tree in trees] uniform(name, tree) using 1:2 with lines lw width(tree) lc rgb colour(tree), \
         for [tree in points(name)] measured(name, tree) using 1:2 with points pt mark(tree) ps 1.3 lc rgb "#ffffff", \
         for [tree in points(name)] measured(name, tree) using 1:2 with points pt mark(tree) ps 0.9 lc rgb colour(tree)
    unset label
    unset arrow
}

# Below, as many as there can be, at prices by distance.
set xrange [1.8:4800]
set xtics ("2" 2, "8" 8, "32" 32, "128" 128, "512" 512, "2048" 2048)
set logscale y
set yrange [0.8:50000]
set ytics ("1" 1, "10" 10, "100" 100, "1 000" 1000, "10 000" 10000)
set xlabel "cores"
do for [name in "multicast agree unmap_all"] {
    set title title_of(name) . ", " . prices . " prices by distance" noenhanced
    set ylabel name eq "multicast" ? "cost (logarithmic)" : "" offset 1
    plot for [tree in trees] sim(name, tree) using 1:2 with lines lw width(tree) lc rgb colour(tree)
}
unset multiplot
