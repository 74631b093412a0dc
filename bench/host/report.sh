#!/bin/bash
#
# bench/host/report.sh DIRECTORY
#
# Makes DIRECTORY/report.html, which needs nothing else, of host.txt and host-latencies.txt there.

set -eu -o pipefail
shopt -s nullglob
cd "$(dirname "$0")/../.."

readonly out=$1
readonly tables=$out/report

rm -rf "$tables"
mkdir -p "$tables"
awk -v dir="$tables" -f bench/host/tables.awk "$out/host.txt" "$out/host-latencies.txt"
for table in "$tables"/{slots,bulk}.*; do
    sort -n -o "$table" "$table"
done

# Picture $1 of placement $2, if there is anything to draw.
draw() {
    local svg=$tables/$1.$2.svg
    compgen -G "$tables/$1.$2*" >/dev/null || return 0
    gnuplot -e "what='$1'; place='$2'; dir='$tables'; output_file='$svg'" bench/host/report.gp
    # What stands before <svg> is for files of their own; names must differ within one page.
    sed -n '/<svg/,$p' "$svg" | sed "s/gnuplot_/$1-$2-/g; s/\([#'\"]\)gp/\1$1-$2-gp/g"
}

pictures() {
    local place what
    for what in latency rate slots bulk; do
        echo '<div class="row">'
        for place in cores hyperthreads; do
            draw "$what" "$place"
        done
        echo '</div>'
    done
    draw map all
}

{
    cat <<'HTML'
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Bulkhead: channels beside their peers</title>
<style>
body { font-family: sans-serif; max-width: 1280px; margin: 2em auto; padding: 0 1em; color: #222 }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin: 1em 0 }
svg { max-width: 100%; height: auto }
table { border-collapse: collapse }
td, th { border-bottom: 1px solid #ddd; padding: 0.3em 1em 0.3em 0; text-align: left }
.number { text-align: right }
</style>
</head>
<body>
<h1>Channels beside their peers</h1>
HTML
    echo "<p>$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)," \
        "$(date -u +%Y-%m-%d). Medians; every sample lies between two measurements of the raw round trip," \
        "which say how the two processors were placed.</p>"
    echo '<table><tr><th>What</th><th>Placement</th><th>Ratio</th><th>Goal</th><th>Samples</th></tr>'
    awk -v html=1 -f bench/host/compare.awk "$out/host.txt"
    echo '</table>'
    pictures
    echo '</body></html>'
} >"$out/report.html"
