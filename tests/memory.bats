#!/usr/bin/env bats
# Memory: failing allocations, and misuse.  LONG=1 walks all points instead of a
# sample.

load lib
load points
setup() {
	common_setup
	points_setup
	echo text >"$DIR/template/b.xyz"        # libmagic's to judge
	SHIM=${BUILD:-$ROOT/build}/preload-oom.so
	# It writes its count when the process ends.
	export JIBRI_FINALIZE_CONFINE=no
}
teardown() { common_teardown; }

# The sanitizers bring an allocator of their own.
needs_plain_build() {
	[ "${SAN:-}" != 1 ] || skip "the sanitizers replace malloc"
}

# --- no memory left ----------------------------------------------------------

# with_shim NAME=VALUE...: a run under the preloaded library.
with_shim() {
	timeout 30 env LD_PRELOAD="$SHIM" "$@" "$BIN" "$REC" >"$DIR/log" 2>&1
}

# Each line of the journal is an event; the last one ends, too.
is_whole() {
	[ ! -e "$REC/.jibri-finalize" ] && return 0
	jq -es 'all(.event and .at)' "$REC/.jibri-finalize" >"$DIR/jq" &&
		[ -z "$(tail -c 1 "$REC/.jibri-finalize")" ]
}

# The acknowledged STOPPED webhooks' ids.
stopped() {
	jq -r --arg s "$SESSION" '{id: .headers["webhook-id"], acked} +
		(.body | fromjson) | select(.acked and .sessionId == $s and
		.eventType == "STOPPED") | .id' "$SB/webhooks.jsonl"
}

# No STOPPED, or one that is true.
is_honest() {
	[ -z "$(stopped)" ] || is_delivered
}

# One STOPPED, or a second one with the same id, whose answer was lost.
is_settled() {
	local ids
	mapfile -t ids < <(stopped)
	is_delivered && ((${#ids[@]} == 1 || ${#ids[@]} == 2)) &&
		[ "${ids[0]}" = "${ids[-1]}" ]
}

# Out of memory is temporary: 75.  A library may cope or crash, but nothing may
# hang.
ends_well() {
	(($1 == 0 || $1 == 75 || $1 == 128 + 6 || $1 == 128 + 11))
}

# obeys LAW WORD...: a breach is shown and counted in the file `broken`.
obeys() {
	"$@" && return 0
	echo "$SESSION: exit $rc: not $*" >>"$DIR/broken"
	sed "s/^/$SESSION: /" "$DIR/log" >&2
}

# fails_at OF MODE N: the law at one point.
fails_at() {
	local rc=0
	point "$1-$2-$3"
	: >"$SB/webhooks.jsonl"
	with_shim OOM_OF="$1" OOM_MODE="$2" OOM_AT="$3" || rc=$?
	((rc == 0)) || ended=$((ended + 1))
	obeys ends_well "$rc"
	obeys is_whole
	obeys is_honest
	rc=0
	timeout 30 "$BIN" "$REC" >"$DIR/log" 2>&1 || rc=$?
	obeys [ "$rc" = 0 ]
	obeys is_whole
	obeys is_settled
}

# walk OF MODE FROM TO STEP
walk() {
	local n
	for ((n = $3; n <= $4; n += $5)); do
		fails_at "$1" "$2" "$n"
	done
}

# allocations OF: how many a run makes.
allocations() {
	point "count-$1"
	with_shim OOM_COUNT="$DIR/count" OOM_OF="$1"
	COUNT=$(cat "$DIR/count")
}

# bats test_tags=slow
@test "whichever allocation fails, nothing is lost, doubled or announced too early" {
	needs_plain_build
	local ended=0
	: >"$DIR/broken"
	allocations near
	if is_long; then
		walk near only 1 "$COUNT" 1
		walk near on 1 "$COUNT" 2
	else
		# Every point where settings, journal and metadata.json are
		# read.
		walk near only 1 120 4
		walk near only 121 "$COUNT" 30
		walk near on 50 "$COUNT" 100
	fi
	allocations all
	walk all only 1000 "$COUNT" "$(is_long && echo 10 || echo 2500)"
	walk all on 500 "$COUNT" "$(is_long && echo 100 || echo 5000)"
	say "$points points, $ended of them ended the run"
	cat "$DIR/broken" >&2
	((points > 80 && ended > points / 4))   # the library is really in
	[ ! -s "$DIR/broken" ]
}

# --- no memory misused -------------------------------------------------------

# checked CODE [ARGUMENT...]: a run under memcheck; what stays reachable at
# the end belongs to libraries.  A finding is a line that begins with "==";
# with "--", that this valgrind knows no openat2(2), which is then done
# without.
checked() {
	local want=$1 rc=0
	shift
	valgrind -q --error-exitcode=9 --log-file="$DIR/valgrind" \
		--leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible \
		"$BIN" "$REC" "$@" >"$DIR/log" 2>&1 || rc=$?
	((rc == want)) && ! grep -q '^==' "$DIR/valgrind" && return 0
	echo "exit code $rc, not $want" >&2
	cat "$DIR/log" "$DIR/valgrind" >&2
	return 1
}

# bats test_tags=slow
@test "memcheck finds nothing in a delivery, in one that fails, and in a no-op" {
	needs_plain_build
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=30s JIBRI_FINALIZE_STALL_TIMEOUT=30s
	point checked
	faults "upload *.mp4 1 status 503" "upload a.txt * drop-stored" \
		"upload metadata.json * status 413"
	checked 65
	faults "webhook * 1 status 503"
	checked 0
	is_delivered
	checked 0
	checked 0 --force --json --log-format json --log-file "$DIR/file"
	checked 64 a b c d
	assert_equal "$(webhooks | grep -c STOPPED)" 2
	say "5 points"
}
