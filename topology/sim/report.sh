#!/bin/bash
#
# topology/sim/report.sh DIRECTORY
#
# Draws what trees cost against cores: DIRECTORY/topology.svg, and DIRECTORY/topology.html, which needs
# nothing else. Curves are of topology-sim.json there, points of what the system has measured, in the
# other files *.json there: `path`, if it has that, as the counter of QEMU counts the instructions of all
# cores together, or else the median. Both are multiples of a unicast and its acknowledgement: the
# simulation's between two cores, the system's on its smallest machine.

set -eu -o pipefail
shopt -s nullglob
cd "$(dirname "$0")/../.."

readonly out=$1
readonly tables=$out/topology
readonly names='["unicast", "broadcast", "multicast", "agree", "unmap_all"]'

rm -rf "$tables"
mkdir -p "$tables"

# Figures of the given files, one to a line.
figures() {
    jq -c --argjson names "$names" \
        '.[] | select(.cores and .tree and .messages and (.name as $n | $names | index($n)))' "$@"
}

figures "$out/topology-sim.json" >"$tables/sim"
: >"$tables/system"
for file in "$out"/*.json; do
    [[ $file == */topology-sim.json ]] || figures "$file" | jq -c 'select(.sim | not)' >>"$tables/system"
done

# The file $1 as tables of cores and multiples; a broadcast is the multicast along a flat tree. The
# last word of the first line is the unit.
tables_of() {
    jq -rs 'map(select(.name == "unicast")) | min_by(.cores) // empty | "\(.path // .median) \(.unit)"' \
        "$tables/$1" >"$tables/$1.unit"
    [[ -s $tables/$1.unit ]] || return 0
    local base name tree cost
    read -r base _ <"$tables/$1.unit"
    jq -r --argjson base "$base" 'select(.name != "unicast")
        | (if .name == "broadcast" then "multicast" else .name end) as $name
        | "\($name) \(.tree) \(.cores) \((.path // .median) / $base)"' "$tables/$1" |
        sort -k 1,2 -k 3n |
        while read -r name tree cost; do
            echo "$cost" >>"$tables/$1.$name.$tree"
        done
}

unit_of_system() {
    case $(awk '{ print $2 }' "$tables/system.unit") in
    insn) echo 'instructions on the critical path' ;;
    *) awk '{ print $2 }' "$tables/system.unit" ;;
    esac
}

# Rows of the simulation: an agreed unmap on powers of two.
simulated_rows() {
    jq -rs 'map(select(.name == "unmap_all")) | group_by(.cores)[]
        | (map({ (.tree): . }) | add) as $t | $t.multicast
        | select((.cores | log2) == (.cores | log2 | floor))
        | "<tr>" + ([.cores, .messages, .rounds, $t.flat.median, $t.binomial.median, .median,
                     ($t.flat.median / .median * 10 | round / 10)]
                    | map("<td class=\"number\">\(.)</td>") | join("")) + "</tr>"' "$tables/sim"
}

measured_rows() {
    jq -r '"<tr><td>\(.name)</td><td>\(.tree)</td><td>\(.machine)</td>"
        + ([.cores, .messages, .rounds, .median, .path // "-"] | map("<td class=\"number\">\(.)</td>") | join("")) + "</tr>"' \
        "$tables/system"
}

tables_of sim
tables_of system
echo '0.1 1' >"$tables/none" # outside of every picture
gnuplot -e "dir='$tables'; system_unit='$(unit_of_system)'; output_file='$out/topology.svg'" topology/sim/report.gp

{
    cat <<'HTML'
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Bulkhead: what trees cost</title>
<style>
body { font-family: sans-serif; max-width: 1280px; margin: 2em auto; padding: 0 1em; color: #222 }
svg { max-width: 100%; height: auto }
table { border-collapse: collapse; margin: 1em 0 }
td, th { border-bottom: 1px solid #ddd; padding: 0.3em 1em 0.3em 0; text-align: left }
.number { text-align: right; font-variant-numeric: tabular-nums }
</style>
</head>
<body>
<h1>What trees cost</h1>
<p>A message to all cores, and all their acknowledgements. When the root sends to everybody, that takes as long as there are
cores; along a tree, as long as they can be halved. Above, a straight line is a logarithm; below, both axes are logarithmic.</p>
HTML
    sed -n '/<svg/,$p' "$out/topology.svg"
    echo "<h2>Simulated: an agreed unmap, in $(awk '{ print $2 }' "$tables/sim.unit")</h2>"
    echo '<table><tr><th>Cores</th><th>Messages</th><th>Rounds</th><th>Flat</th><th>Binomial</th><th>Multicast</th><th>Flat / multicast</th></tr>'
    simulated_rows
    echo '</table>'
    if [[ -s $tables/system ]]; then
        echo "<h2>Measured in the system, in $(awk '{ print $2 == "insn" ? "instructions of all cores" : $2 }' "$tables/system.unit")</h2>"
        echo '<table><tr><th>What</th><th>Tree</th><th>Machine</th><th>Cores</th><th>Messages</th><th>Rounds</th><th>Median</th><th>Of that, on the path</th></tr>'
        measured_rows
        echo '</table>'
    fi
    echo '</body></html>'
} >"$out/topology.html"
echo "picture: $out/topology.svg; with tables: $out/topology.html"
