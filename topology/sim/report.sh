#!/bin/bash
#
# topology/sim/report.sh DIRECTORY
#
# Draws what trees cost against cores: DIRECTORY/topology.svg, and DIRECTORY/topology.html, which needs
# nothing else. Curves are of topology-sim.json there, points of what the system has measured, in the
# other files *.json there: `path`, if it has that, as the counter of QEMU counts the instructions of all
# cores together, or else the median.

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

figures "$out/topology-sim.json" >"$tables/all"
jq -c 'select(.unit != "transfers")' "$tables/all" >"$tables/sim"
jq -c 'select(.unit == "transfers")' "$tables/all" >"$tables/uniform"
: >"$tables/system"
for file in "$out"/*.json; do
    [[ $file == */topology-sim.json ]] || figures "$file" | jq -c 'select(.sim | not)' >>"$tables/system"
done

# The lines of the file $1 as tables of cores and multiples of $2; a broadcast is the multicast along a
# flat tree. $2 is of the same operation `first`: with the fewest cores; `slope`: what each core more
# adds along a flat tree, so that what is done once, on the root's core, does not count.
tables_of() {
    local name tree cost
    jq -rs --arg of "$2" '
        def slope: (map(select(.tree == "flat")) | [.[0], .[-1]]) as [$few, $many]
            | if ($many.cores // 0) > ($few.cores // 0)
              then ($many.cost - $few.cost) / ($many.cores - $few.cores)
              else .[0].cost / (.[0].cores - 1) end;
        map(select(.name != "unicast")
            | .name |= if . == "broadcast" then "multicast" else . end | .cost = (.path // .median))
        | group_by(.name)[] | sort_by(.cores) | (if $of == "slope" then slope else .[0].cost end) as $base
        | .[] | "\(.name) \(.tree) \(.cores) \(.cost / $base)"' "$tables/$1" |
        while read -r name tree cost; do
            echo "$cost" >>"$tables/$1.$name.$tree"
        done
}

unit_of() { jq -r .unit "$tables/$1" | head -n 1; }

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

tables_of sim first
tables_of uniform slope
tables_of system slope
echo '0.1 1' >"$tables/none" # outside of every picture
prices=measured
[[ $(unit_of sim) == cycles ]] && prices=published
gnuplot -e "dir='$tables'; system_unit='$(unit_of system)'; prices='$prices'; output_file='$out/topology.svg'" \
    topology/sim/report.gp
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
<p>A message to all cores, and all their acknowledgements. When the root sends to everybody, that takes longer by a transfer
there and back for every core; along a tree, for every doubling of the cores.</p>
HTML
    sed -n '/<svg/,$p' "$out/topology.svg"
    echo "<h2>Simulated: an agreed unmap, in $(unit_of sim)</h2>"
    echo '<table><tr><th>Cores</th><th>Messages</th><th>Rounds</th><th>Flat</th><th>Binomial</th><th>Multicast</th><th>Flat / multicast</th></tr>'
    simulated_rows
    echo '</table>'
    if [[ -s $tables/system ]]; then
        echo "<h2>Measured in the system, in $(unit_of system | sed 's/^insn$/instructions of all cores/')</h2>"
        echo '<table><tr><th>What</th><th>Tree</th><th>Machine</th><th>Cores</th><th>Messages</th><th>Rounds</th><th>Median</th><th>Of that, on the path</th></tr>'
        measured_rows
        echo '</table>'
    fi
    echo '</body></html>'
} >"$out/topology.html"
echo "picture: $out/topology.svg; with tables: $out/topology.html"
