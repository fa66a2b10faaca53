# The tests under a memory checker. Sourced by .ci/valgrind, .ci/asan and .ci/tsan, which set:
#   programs     the test programs to run: files of tests/tests without their endings
#   exceptions   tests that are left out, each with the reason: "name: reason"; a name stands for
#                all tests that it is a part of
#   seconds      the most that one program may take
# Each test runs its scenario in a child process, through $GUARDED_CALLBACK_RUNNER, and fails when
# the child does not end as it should. What the checker has to say of a child is in $reports; a word
# there fails the whole run.

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

# The path of a test program, from what cargo says on building them.
path_of() { sed -n "s|.*tests/$1\(/main\)\{0,1\}\.rs (\(.*\))\$|\2|p" "$reports/built"; }

# Builds the tests with the arguments of cargo that are given.
build() {
  cargo "$@" --no-run 2>&1 | tee "$reports/built" | grep -E '^(error|warning: unused)' || true
}

# Lines of the reports that match the pattern $1, without those that match $2.
look_at_reports() {
  local found
  found=$(find "$reports" -name 'child.*' -size +0 -exec grep -hE "$1" {} + | grep -vE "$2" \
    | sed 's/==[0-9]*==//' | sort | uniq -c | sort -rn | head -20 || true)
  [ -z "$found" ] || { echo "$found"; return 1; }
}

run_programs() {
  local program path skips=() exception failed=0 began
  for exception in "${exceptions[@]}"; do skips+=(--skip "${exception%%:*}"); done
  for program in "${programs[@]}"; do
    path=$(path_of "$program")
    [ -n "$path" ] || { echo "$program: no such test program"; failed=1; continue; }
    began=$SECONDS
    if timeout "$seconds" "$path" --test-threads="$(nproc)" "${skips[@]}" >"$reports/out" 2>&1; then
      echo "$program: $(sed -n 's/^test result: //p' "$reports/out"), $((SECONDS - began)) s"
    else
      echo "$program: FAILED after $((SECONDS - began)) s"
      grep -aE '^test .*FAILED|has been running|panicked|ERROR|WARNING|CHECK' "$reports/out" \
        | sort | uniq | head -40
      failed=1
    fi
  done
  return "$failed"
}
