# Every fault at every stage, once and for good, with Expect: 100-continue and
# without.  A row of the tables is
#
#     CLASS ONCE LASTING FAULT...
#
# CLASS is the outcome of the request (matrix.jq), with a "+" if the server did
# it anyway; ONCE and LASTING are the exit codes of a run that meets the fault
# once or each time, "-" if that proves nothing.  After such a run the journal
# must be true of the server; the next one completes, and one more finds nothing
# left to do.  The everyday run tries one of the four ways of each row, LONG=1
# all of them.
#
# shellcheck shell=bash

TRIES=2

# matrix_setup: in place of setup.
matrix_setup() {
	common_setup
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=1s JIBRI_FINALIZE_STALL_TIMEOUT=1s
	# Later than the answer may come, but before the file counts as absent.
	LATE=1.5
	[ "${SAN:-}" != 1 ] || export JIBRI_FINALIZE_ANSWER_TIMEOUT=2s LATE=3
	# The media goes first.
	export JIBRI_FINALIZE_TRIES=$TRIES JIBRI_FINALIZE_PARALLEL=1
	points_setup
	mv "$DIR/template/a.txt" "$DIR/template/notes.txt"
	FILES=3 runs=0
	printf '{"id":' >"$SB/cut.json"
	echo '{}' >"$SB/empty.json"
	echo '[]' >"$SB/array.json"
	echo '"text"' >"$SB/string.json"
	: >"$SB/nothing"
}

# codes ROW CODE...: the row with each of them in place of @; every day with
# the first and one of the others.
codes() {
	local row=$1 code
	shift
	is_long || (($# < 3)) || set -- "$1" "${@:2 + RANDOM % ($# - 1):1}"
	for code; do echo "${row/@/$code}"; done
}

# matrix CHECK STAGE: the rows come from the input.
matrix() {
	local line way n=$RANDOM
	while read -r line; do
		[ -n "$line" ] || continue
		n=$((n + 1))
		for way in 0 1 2 3; do
			is_long || [ "$way" = $((n % 4)) ] || continue
			cell "$1" "$2" "$way" "$line"
		done
	done
	say "$points points, $runs runs; seed $SEED"
	((points > 0))
}

# cell CHECK STAGE WAY ROW: one point.
cell() {
	local class once lasting fault times=1 code
	STAGE=$2 EXPECT=yes
	read -r class once lasting fault <<<"$4"
	code=$once
	(($3 & 1)) || { times='*' code=$lasting; }
	(($3 & 2)) || EXPECT=no
	[ "$code" != - ] || return 0
	ROW="$4 ($times times, expect-continue $EXPECT)"
	export JIBRI_FINALIZE_EXPECT_CONTINUE=$EXPECT
	point "$STAGE-$((points + 1))"
	: >"$SB/webhooks.jsonl"
	: >"$SB/records.jsonl"
	[ -z "${TRACE_CELLS-}" ] || say "$(ms) $ROW"
	"$1" "$class" "$code" "$times" "$fault" && return 0
	echo "--- this row failed: $ROW" >&2
	return 1
}

# run_once CODES: one run, whose journal has to be true.
run_once() {
	exits "$1" "$BIN" "$REC" || return
	runs=$((runs + 1))
	is_true "${2-?}"
}

# is_true CLASS
is_true() {
	local wrong
	wrong=$(jq -nr -f "$ROOT/tests/matrix.jq" \
		--slurpfile journal "$REC/.jibri-finalize" \
		--slurpfile requests "$SB/requests.jsonl" \
		--slurpfile records "$SB/records.jsonl" \
		--slurpfile hooks "$SB/webhooks.jsonl" \
		--arg session "$SESSION" --arg media "$MEDIA" --arg class \
		"${1%+}" --argjson files "$FILES")
	holds [ -z "$wrong" ] || { echo "$wrong" >&2; return 1; }
}

# told EVENT: how often this webhook was acknowledged.
told() {
	grep -c "eventType..:..$1.*$SESSION.*\"acked\":true" \
		"$SB/webhooks.jsonl" || true
}

# completes [MOST]: with one STOPPED, or as many as answers can be lost.
completes() {
	local n
	faults
	run_once 0 || return
	holds is_delivered || return
	n=$(wc -l <"$REC/.jibri-finalize")
	exits 0 "$BIN" "$REC" || return
	runs=$((runs + 1))
	holds grep -q "done already" "$DIR/log" || return
	holds [ "$(wc -l <"$REC/.jibri-finalize")" = "$n" ] || return
	n=$(told STOPPED)
	holds [ "$n" -ge 1 ] && holds [ "$n" -le "${1:-1}" ]
}

# uploads_of_media: how many came.
uploads_of_media() {
	grep "\"stage\":\"upload\".*/$SESSION/" "$SB/requests.jsonl" |
		grep -cF "\"filename\":\"$MEDIA\"" || true
}
