# Whether timelines keep to the trace format: jq --slurp --exit-status --from-file check.jq. Says
# what is wrong with the first that does not.

def require(what; condition): if condition then . else error(what + ": " + tostring) end;

def is_time: type == "number" and . >= 0;

# One record, whatever its kind.
def check_record:
    require("kind"; .ph | IN("M", "X", "i", "s", "f"))
    | require("core"; .pid >= 1)
    | require("name"; .name | type == "string" and length > 0)
    | if .ph == "M" then require("label"; .args.name | type == "string" and length > 0)
      else require("thread"; .tid >= 1) | require("time"; .ts | is_time) end
    | if .ph == "X" then require("duration"; .dur | is_time) else . end
    | if .ph == "i" then require("scope"; .s == "t") else . end
    | if .ph | IN("s", "f") then require("arrow"; .id >= 1 and (.cat | length > 0)) else . end;

# Slices of one thread, sorted by time: what it does (not the ends of arrows, which are a nanosecond
# long) follows one after the other. Times are multiples of 1/1000.
def check_states:
    map(select(.dur != 0.001) | [.ts, .ts + .dur])
    | require("overlap"; [., .[1:]] | transpose | map(select(all(. != null)))
        | all(.[0][1] <= .[1][0]));

def check_timeline:
    .traceEvents
    | (map(check_record) | length) as $records
    | (map(select(.ph == "M" and .name == "thread_name") | .tid)) as $named
    | require("a name for each thread"; ($named | length) == ($named | unique | length))
    | require("threads are named"; (map(select(.ph != "M") | .tid) | unique) - $named == [])
    | (map(select(.ph == "s"))) as $starts
    | require("arrows start once"; ($starts | map(.id) | unique | length) == ($starts | length))
    | ($starts | map({ key: (.id | tostring), value: . }) | from_entries) as $start
    | map(select(.ph == "f") | . as $finish | $start[.id | tostring]
        | require("an arrow's start"; . != null and .cat == $finish.cat and .ts <= $finish.ts))
    | $records;

if length == 0 then error("no timeline") else . end
| map((.traceEvents | map(select(.ph == "X")) | group_by(.tid)[] | sort_by(.ts) | check_states),
      check_timeline)
| true
