#!/usr/bin/env bats
# The power-cut law: at every call on the journal, data not yet synced are lost,
# half lost, or kept.

load lib
setup() {
	common_setup
	start_sandbox
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=50ms
	[ "${SAN:-}" != 1 ] || export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	SHIM=${BUILD:-$ROOT/build}/preload-powercut.so
}
teardown() { common_teardown; }

# Each point has a session of its own at the same server, and a recordings
# directory of its own.
fresh_recording() {
	SESSION=$1
	TOP=$DIR/recordings-$SESSION
	REC=$TOP/$SESSION
	mkdir -p "$REC"
	recording
	printf 'one\n' >"$REC/a.txt"
	: >"$SB/requests.jsonl"
	: >"$SB/webhooks.jsonl"
}

# with_shim NAME=VALUE...: a run under the preloaded library; exit code 100 is
# the cut.  A sweep whose visit is cut reports that and ends; its own later
# calls do not matter.
with_shim() {
	local rc=0
	env LD_PRELOAD="$SHIM" "$@" "$BIN" "${COMMAND[@]}" "${!WHAT}" \
		>"$DIR/log" 2>&1 || rc=$?
	! grep -q "its process ended with exit code 100" "$DIR/log" || rc=100
	return "$rc"
}

# check LABEL COMMAND...: run it; if it fails, say which and where.
check() {
	local label=$1
	shift
	"$@" && return 0
	echo "$label: failed: $*" >&2
	cat "$DIR/log" "$REC/.jibri-finalize" >&2
	return 1
}

# stages [FROM]: how many lookups, lists, uploads and webhooks came, from that
# line of the server's log on; the first line is number 1.
stages() {
	tail -n "+${1:-1}" "$SB/requests.jsonl" | jq -rs '
		map(.stage) | [("lookup", "list", "upload", "webhook") as $s |
		map(select(. == $s)) | length] | join(" ")'
}

# are_events: every line of the journal is an event, except a torn last line: a
# run with nothing to do writes nothing, and leaves it.
are_events() {
	local file=$REC/.jibri-finalize
	[ -z "$(tail -c 1 "$file")" ] || sed -i '$d' "$file"
	journal
}

# A run may repeat only what the one before had not recorded.
is_modest() {
	local sent announced lookups lists
	read -r _ _ sent announced <<<"$1"
	read -r lookups lists _ _ <<<"$2"
	((sent == 0 || lookups == 0)) && ((announced == 0 || lists == 0))
}

# cut_at N KEEP: the law at one point; counts it, unless the run has no call
# number N.  Do not use it in a condition, where bash ignores failures.
cut_at() {
	local n=$1 keep=$2 label="call $1, $2 kept" first second seen
	fresh_recording "$n-$keep"
	run with_shim POWERCUT_AT="$n" POWERCUT_KEEP="$keep"
	[ "$status" != 0 ] || return 0
	points=$((points + 1))
	check "$label" [ "$status" = 100 ]
	first=$(stages)
	seen=$(wc -l <"$SB/requests.jsonl")

	run -0 with_shim                     # resumes
	second=$(stages "$((seen + 1))")
	check "$label" is_modest "$first" "$second"
	check "$label" are_events
	check "$label" is_stored a.txt metadata.json "$MEDIA"
	seen=$(wc -l <"$SB/requests.jsonl")

	run -0 with_shim                     # finds nothing left to do
	check "$label" [ "$(wc -l <"$SB/requests.jsonl")" = "$seen" ]
	check "$label" [ "$(jq -r '.headers["webhook-id"]' "$SB/webhooks.jsonl" |
		sort -u | wc -l)" = 1 ]
	check "$label" [ "$(webhooks | sort -u)" = "STOPPED $ROOM $SESSION" ]
	check "$label" [ "$(webhooks | wc -l)" -le 2 ]
}

# cut_everywhere: at each call of COMMAND on the directory that WHAT names.
cut_everywhere() {
	local n keep points=0 before=-1
	# The number of calls depends on which answers coincide.
	for ((n = 1; points > before; n++)); do
		before=$points
		for keep in none half all; do
			cut_at "$n" "$keep"
		done
	done
	((points > 50))                      # the preloaded library is really in
	echo "# $points points" >&3
}

# bats test_tags=slow
@test "after a power cut at any call, nothing is lost and nothing is sent twice" {
	COMMAND=(finalize) WHAT=REC
	cut_everywhere
}

# bats test_tags=slow
@test "the same is true when a sweep delivers" {
	COMMAND=(sweep) WHAT=TOP
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=1ms
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=1ms JIBRI_FINALIZE_SETTLE=1ms
	cut_everywhere
}
