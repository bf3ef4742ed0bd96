# Sourced by scripts/test and .ci/run: run a phase, count what it found, and
# close with the total.
# shellcheck shell=bash

passed=0
failed=0
skipped=0

# phase NAME COMMAND...: run it with no input, say how long it took.  A phase
# that fails counts as one failure; the caller decides whether to go on.
phase() {
	local name=$1 start=$SECONDS rc=0 limit=()
	shift
	# Without a terminal nobody can interrupt a phase that hangs.
	[ -t 0 ] || limit=(timeout --kill-after=10 1800)
	echo "== $name"
	"${limit[@]}" "$@" </dev/null || rc=$?
	((rc != 124)) || echo "$name took longer than half an hour"
	((rc == 0)) && echo "== $name: ok, $((SECONDS - start)) s" && return
	echo "== $name: FAILED ($rc), $((SECONDS - start)) s"
	((failed += 1))
	return 1
}

# Add the counts that `make check` left in FILE.  They have each failed test, so
# the failure of the phase itself is taken back.
tally() {
	local p f s
	read -r p f s 2>/dev/null <"$1" || return 0
	((f == 0)) || : $((failed -= 1))
	: $((passed += p)) $((failed += f)) $((skipped += s))
}

# The last line, and the exit code.
finish() {
	local line="$passed passed, $failed failed"
	((skipped == 0)) || line+=", $skipped skipped"
	echo "$line"
	((failed == 0 && passed > 0))
	exit
}
