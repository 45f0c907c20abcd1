# shellcheck shell=bash
# Runs suites one by one and remembers of each its budget, the time it took and what cargo counted. To be sourced.
#
# SUITES_REPORT    file that collects one line a suite; several scripts may share it, the first one to start makes it
# SUITES_DEADLINE  seconds since the epoch after which no suite goes on; absent: no limit

SUITES_OWN_REPORT=
if [ -z "${SUITES_REPORT:-}" ]; then
  SUITES_REPORT=$(mktemp "${TMPDIR:-/tmp}/suites.XXXXXX")
  SUITES_OWN_REPORT=$SUITES_REPORT
fi
SUITES_LOG=$(mktemp "${TMPDIR:-/tmp}/suite.XXXXXX")
trap 'rm -f "$SUITES_LOG" ${SUITES_OWN_REPORT:+"$SUITES_OWN_REPORT"}' EXIT

# step NAME MINUTES COMMAND...: something that has to succeed, or to end with 77 where it can't be done here.
step() { run_suite step "$@"; }

# suite NAME MINUTES COMMAND...: a command of cargo that has to succeed and to run a test.
suite() { run_suite suite "$@"; }

run_suite() {
  local sort=$1 name=$2 budget=$(($3 * 60)) began=$SECONDS status=0 passed=0 failed=0 result=ok
  shift 3
  printf '\n== %s: %s\n' "$name" "$*"
  within_deadline "$@" 2>&1 | tee "$SUITES_LOG" || status=$?
  if [ "$sort" = suite ]; then
    read -r passed failed < <(count_tests <"$SUITES_LOG")
    if [ "$status" = 0 ] && [ "$passed" = 0 ]; then
      result="ran no test"
    fi
  fi
  case $status in
    0) ;;
    77) result="left out" ;;
    124 | 137) result="out of time" ;;
    *) result="failed" ;;
  esac
  # What broke without counting a failed test is counted as one, so that the sum never looks green.
  case $result in
    ok | "left out") status=0 ;;
    *)
      status=1
      [ "$failed" != 0 ] || failed=1
      ;;
  esac
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$sort" "$name" "$budget" "$((SECONDS - began))" "$passed" "$failed" "$result" >>"$SUITES_REPORT"
  return "$status"
}

within_deadline() {
  if [ -z "${SUITES_DEADLINE:-}" ]; then
    "$@"
    return
  fi
  local left=$((SUITES_DEADLINE - $(date +%s)))
  if [ "$left" -le 0 ]; then
    echo "No time is left for this suite."
    return 124
  fi
  timeout --kill-after=20 "$left" "$@"
}

# Sums the closing lines of cargo's test binaries on standard input: passed, failed.
count_tests() {
  awk '/^test result: / {
         for (i = 2; i <= NF; i++) { if ($i == "passed;") p += $(i - 1); if ($i == "failed;") f += $(i - 1) }
       } END { print p + 0, f + 0 }'
}

# The table of all suites so far; left to whoever made the report.
suites_table() {
  [ -n "$SUITES_OWN_REPORT" ] || return 0
  printf '\n'
  awk -F '\t' '
    function clock(s) { return sprintf("%d:%02d", s / 60, s % 60) }
    BEGIN { printf "%-16s %8s %8s  %s\n", "suite", "budget", "took", "result" }
    {
      result = $1 == "suite" ? $5 " passed, " $6 " failed" : $7
      if ($7 != "ok" && $1 == "suite") result = result " (" $7 ")"
      if ($4 > $3) result = result ", over its budget"
      printf "%-16s %8s %8s  %s\n", $2, clock($3), clock($4), result
      budget += $3; took += $4
    }
    END { printf "%-16s %8s %8s\n", "in all", clock(budget), clock(took) }' "$SUITES_REPORT"
}

# One line, `N passed, N failed`.
suites_sum() {
  awk -F '\t' '{ p += $5; f += $6 } END { printf "%d passed, %d failed\n", p, f }' "$SUITES_REPORT"
}
