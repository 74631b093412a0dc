# Draws one picture of the report: gnuplot -e "what='...'; place='...'; dir='...'; output_file='...'" report.gp
# The tables in `dir` are those of tables.awk.

set terminal svg size 620,400 font "sans-serif,13" background "#ffffff" linewidth 1.2
set output output_file
set border 3 lc rgb "#666666"
set tics nomirror
set grid ytics lc rgb "#dddddd" lw 0.6
set style line 1 lc rgb "#c0392b" lw 3 pt 7 ps 0.6
title_of(place) = place eq "cores" ? "between cores" : "between hyperthreads of a core"
file(name) = dir . "/" . what . "." . place . "." . name
is_there(name) = system("test -s '" . file(name) . "' && echo 1") eq "1"
colour(name) = name eq "urpc" ? "#c0392b" : name eq "raw" ? "#000000" : name eq "urpc-armed" ? "#e8a09a" : \
    name eq "boost" ? "#2471a3" : name eq "ck" ? "#1e8449" : name eq "dpdk" ? "#7d3c98" : \
    name eq "pipe" ? "#b9770e" : name eq "futex" ? "#5d6d7e" : name eq "socketpair" ? "#17a589" : "#99a3a4"
label(name) = name eq "urpc" ? "channel" : name eq "urpc-armed" ? "channel, armed (sleeps)" : \
    name eq "ck" ? "ck\\_ring" : name eq "boost" ? "boost spsc\\_queue" : name eq "dpdk" ? "DPDK rte\\_ring" : \
    name eq "raw" ? "raw cache lines" : name eq "socketpair" ? "socket pair" : \
    name eq "msg_ring" ? "io\\_uring MSG\\_RING" : name
width(name) = name eq "urpc" || name eq "raw" ? 3 : 1.6
those(names) = system("for n in " . names . "; do test -s '" . dir . "/" . what . "." . place . ".'$n && echo $n; done")

if (what eq "latency") {
    set title "Round trip of a message, " . title_of(place) noenhanced
    names = those("raw urpc boost ck dpdk urpc-armed futex pipe mq msg_ring")
    set logscale x
    set xlabel "nanoseconds (logarithmic; left is better)"
    set ylabel "percent of round trips that took no longer"
    set yrange [0:100]
    set xrange [30:200000]
    set xtics ("100" 100, "1 000" 1000, "10 000" 10000, "100 000" 100000)
    set key outside right center width -6 samplen 2
    plot for [name in names] file(name) using 1:2 with lines lw width(name) lc rgb colour(name) title label(name)
}
if (what eq "rate") {
    set title "Messages of 64 bytes, " . title_of(place) noenhanced
    set ylabel "millions per second (higher is better)"
    set style data histogram
    set style histogram clustered gap 1
    set style fill solid 1 noborder
    set boxwidth 0.9
    set yrange [0:*]
    set offsets 0, 0, graph 0.12, 0
    set key top right
    set xtics scale 0
    set bmargin 4
    table = dir . "/rate." . place
    plot table using 2:xtic(1) lc rgb "#c0392b" title "one at a time", \
         table using 3 lc rgb "#e8a09a" title "in batches of 16", \
         table using ($0 - 0.17):2:(sprintf($2 < 10 ? "%.1f" : "%.0f", $2)) with labels offset 0, 0.6 font ",11" notitle, \
         table using ($0 + 0.17):3:(sprintf($3 < 10 ? "%.1f" : "%.0f", $3)) with labels offset 0, 0.6 font ",11" notitle
}
if (what eq "slots") {
    set title "Messages of 64 bytes by size of the ring, " . title_of(place) noenhanced
    names = those("urpc boost ck dpdk")
    set logscale x 2
    set xlabel "slots"
    set ylabel "millions per second, one at a time (higher is better)"
    set xrange [3.5:4700]
    set yrange [0:*]
    set key top right
    plot for [name in names] file(name) using 1:2:3:4 with yerrorbars pt 7 ps 0.5 lw 1 lc rgb colour(name) notitle, \
         for [name in names] file(name) using 1:2 with lines lw width(name) lc rgb colour(name) title label(name)
}
if (what eq "bulk") {
    set title "Blocks, written and read, " . title_of(place) noenhanced
    names = those("urpc pipe socketpair")
    set logscale x 2
    set xlabel "bytes in a block"
    set ylabel "gigabytes per second (higher is better)"
    set xtics ("256" 256, "512" 512, "1 K" 1024, "2 K" 2048, "4 K" 4096, "8 K" 8192, "16 K" 16384, "32 K" 32768, "64 K" 65536)
    set xrange [220:76000]
    set yrange [0:*]
    set key top left
    plot for [name in names] file(name) using 1:2:3:4 with yerrorbars pt 7 ps 0.5 lw 1 lc rgb colour(name) notitle, \
         for [name in names] file(name) using 1:2 with lines lw width(name) lc rgb colour(name) title label(name)
}
if (what eq "map") {
    set title "Raw round trip between processors, nanoseconds"
    set xlabel "processor"
    set ylabel "processor"
    set size ratio 1
    unset grid
    set palette defined (0 "#fdf2e9", 1 "#c0392b")
    set cbrange [0:*]
    plot dir . "/map.all" using 1:2:3:xtic(4):ytic(5) with image pixels notitle
}
