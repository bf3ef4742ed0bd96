#!/usr/bin/env bats
# A journal that is mostly history is rewritten without losing a fact.  The
# server refuses its list here, so that a run which forgets a file sends it
# again.

load lib
load points
setup() {
	common_setup
	points_setup
	JOURNAL=.jibri-finalize
	NEW=$JOURNAL.new
	faults "list * * status 501"
}
teardown() { common_teardown; }

# bloat [BYTES]: add events of runs that achieved nothing, up to this size.
bloat() {
	awk -v at="$(date +%s)000" -v most="${1:-1200000}" '
		BEGIN {
			began = "{\"at\":" at ",\"event\":\"began\",\"pid\":7," \
				"\"host\":\"h\",\"version\":\"0.1.0\"}"
			failed = "{\"at\":" at ",\"event\":\"failed\"," \
				"\"class\":\"temporary\"," \
				"\"text\":\"the server answered HTTP 503\"}"
			for (n = 0; n < most; n += length(began failed) + 2)
				print began "\n" failed
		}' >>"$REC/$JOURNAL"
}

size() {
	stat -c %s "$REC/$JOURNAL"
}

# bloated SESSION: one that is delivered, its journal large, a file new.
bloated() {
	point "$1"
	exits 0 "$BIN" "$REC"
	printf 'two\n' >"$REC/b.txt"
	touch -d '1 hour ago' "$REC/b.txt"
	bloat
	: >"$SB/requests.jsonl"
}

# is_settled: only the new file is sent, once; then all is done.
is_settled() {
	exits 0 "$BIN" "$REC"
	holds is_delivered
	holds [ "$(came upload)" = 1 ]
	exits 0 "$BIN" "$REC"
	holds [ "$(came upload)" = 1 ]
	holds [ "$(size)" -lt 20000 ]
	holds jq -e .event "$REC/$JOURNAL" >"$DIR/events"
}

@test "a journal over 1 MiB is compacted, and nothing is sent again" {
	bloated large
	chmod 600 "$REC/$JOURNAL"
	exits 0 "$BIN" "$REC"
	assert_equal "$(came upload)" 1
	is_delivered
	(($(size) < 20000))
	assert_equal "$(stat -c %a "$REC/$JOURNAL")" 600
	assert_equal "$(journal 'select(.event == "summary").attempts > 1000')" true
	# It still has what scripts read in it.
	assert_equal "$(journal 'select(.event == "stored").path' | sort | xargs)" \
		"$(cd "$REC" && printf "%s\n" * | sort | xargs)"
	grep -q '"webhook":"STOPPED"' "$REC/$JOURNAL"
	exits 0 "$BIN" "$REC"
	assert_equal "$(came upload)" 1
	announced_once 2 2
}

@test "a smaller journal, or one up to four times its compact form, stays as it is" {
	point small
	exits 0 "$BIN" "$REC"
	bloat 900000
	stat -c %i "$REC/$JOURNAL" >"$DIR/before"
	exits 0 "$BIN" "$REC"
	stat -c %i "$REC/$JOURNAL" | diff "$DIR/before" -
	jq -nc '[range(4000)] | .[] | {at: 1, event: "stored", path: "x\(.)",
		size: 1, stamp: ., id: "\(.)"}' >>"$REC/$JOURNAL"
	(($(size) > 1048576))
	exits 0 "$BIN" "$REC"
	stat -c %i "$REC/$JOURNAL" | diff "$DIR/before" -
}

@test "lines of a later version are kept" {
	point later
	exits 0 "$BIN" "$REC"
	echo '{"at":1,"event":"of a later version"}' >>"$REC/$JOURNAL"
	bloat
	exits 0 "$BIN" "$REC"
	grep -q "of a later version" "$REC/$JOURNAL"
}

@test "a dry run and status compact nothing" {
	bloated looked-at
	stat -c %i "$REC/$JOURNAL" >"$DIR/before"
	exits 0 "$BIN" upload --dry-run "$REC"
	exits "0 75" "$BIN" status "$REC"
	stat -c %i "$REC/$JOURNAL" | diff "$DIR/before" -
}

@test "what a crash left of a compaction is removed and not sent" {
	point left
	echo '{"at":1,"event":"began"}' >"$REC/$NEW"
	exits 0 "$BIN" "$REC"
	[ ! -e "$SB/store/$ROOM/$SESSION/$NEW" ]
	bloat
	exits 0 "$BIN" "$REC"
	[ ! -e "$REC/$NEW" ]
	: >"$REC/$NEW"
	faults ""
	exits 0 "$BIN" sweep --settle 1ms --retention 1ms "$DIR/recordings"
	[ ! -e "$REC" ]
}

@test "a journal of version 0.1.0 is compacted without losing a fact" {
	point old
	exits 0 "$BIN" "$REC"
	jq -c 'if .event == "sending" then .mtimes = [.paths[] | 1] |
		del(.stamps) else del(.stamp, .moment) end' "$REC/$JOURNAL" \
		>"$DIR/old"
	{
		cat "$DIR/old"
		echo '{"at":1795948569587,"event":"postponed","retryAt":1}'
		echo '{"at":1795948569587,"event":"removing"}'
	} >"$REC/$JOURNAL"
	bloat
	: >"$SB/requests.jsonl"
	exits 0 "$BIN" "$REC"
	grep -q '"event":"summary"' "$REC/$JOURNAL"
	assert_equal "$(came any)" 0
}

# calls_of_it: "NAME ORDINAL" of each call of a compaction, as strace counts.
calls_of_it() {
	bloated recorded
	exits 0 strace -f -qq -o "$DIR/trace" "$BIN" "$REC"
	awk -v new='"[.]jibri-finalize[.]new"' '
		NR == 1 { pid = $1 }
		$1 != pid || $2 !~ /^[a-z0-9_]+\(/ { next }
		{ name = $2; sub(/\(.*/, "", name); n[name]++ }
		$0 ~ new { inside = 1 }
		inside { print name, n[name] }
		name == "fsync" && is_renamed { exit }
		name ~ /^rename/ { is_renamed = 1 }' "$DIR/trace"
}

# bats test_tags=slow
@test "a SIGKILL at any system call of a compaction loses and doubles nothing" {
	local name n rc
	needs_strace
	calls_of_it >"$DIR/all"
	(($(wc -l <"$DIR/all") > 10))
	some 3 <"$DIR/all" >"$DIR/calls"
	while read -r name n; do
		bloated "k-$name-$n"
		rc=0
		{
			timeout -k 5 60 strace -f -qq -o /dev/null \
				-e trace="$name" \
				-e inject="$name:signal=KILL:when=$n" \
				"$BIN" "$REC" >"$DIR/log" 2>&1 || rc=$?
		} 2>/dev/null
		holds [ "$rc" = 137 ]
		is_settled
	done <"$DIR/calls"
	# point() counts points.
	# shellcheck disable=SC2154
	say "$points points"
}

# bats test_tags=slow
@test "an error at any system call leaves the old journal in use, with at most one warning" {
	local name n errors=0
	needs_strace
	calls_of_it | some 3 >"$DIR/calls"
	while read -r name n; do
		# The sanitizers' own memory does not come back.
		[[ ${SAN:-} != 1 || $name != *m*map ]] || continue
		bloated "e-$name-$n"
		exits 0 strace -f -qq -o "$DIR/trace" -e trace="$name" \
			-e inject="$name:error=ENOSPC:when=$n" "$BIN" "$REC"
		holds grep -q INJECTED "$DIR/trace"
		holds is_delivered
		holds [ "$(came upload)" = 1 ]
		n=$(grep -c "could not be compacted" "$DIR/log") || true
		holds [ "$n" -le 1 ]
		holds [ "$(grep -c warning "$DIR/log")" -le "$((n + 1))" ]
		errors=$((errors + n))
		is_settled
	done <"$DIR/calls"
	((errors > 1))
}

# bats test_tags=slow
@test "a power cut at any call of a compaction loses and doubles nothing" {
	local n keep rc cuts=0 shim=${BUILD:-$ROOT/build}/preload-powercut.so
	for ((n = 1; n <= 8; n++)); do
		for keep in $(printf '%s\n' none half all | some 3); do
			bloated "p-$n-$keep"
			rc=0
			env LD_PRELOAD="$shim" POWERCUT_AT="$n" \
				POWERCUT_KEEP="$keep" "$BIN" "$REC" \
				>"$DIR/log" 2>&1 || rc=$?
			holds [ "$rc" = 100 ]
			holds [ "$(came upload)" = 0 ]
			is_settled
			cuts=$((cuts + 1))
		done
	done
	say "$cuts points"
}

@test "compacting the journal of 20,000 files takes at most 32 MB" {
	[ "${SAN:-}" != 1 ] || skip "the sanitizers replace malloc"
	local kib shim=${BUILD:-$ROOT/build}/preload-peak.so
	bloated many
	awk 'BEGIN {
		for (i = 0; i < 20000; i++)
			printf "{\"at\":1767323046100,\"event\":\"stored\"," \
				"\"path\":\"folder/transcript-%06d.json\"," \
				"\"size\":5935,\"mtime\":1767323045678901234," \
				"\"stamp\":%d,\"type\":\"application/json\"," \
				"\"sha256\":\"%064d\",\"id\":\"id-%d\"}\n",
				i, i + 1, i, i
	}' >"$DIR/facts"
	for _ in 1 2 3 4 5 6; do cat "$DIR/facts"; done >>"$REC/$JOURNAL"
	exits 0 env LD_PRELOAD="$shim" PEAK_FILE="$DIR/peak" "$BIN" "$REC"
	grep -q '"event":"summary"' "$REC/$JOURNAL"
	assert_equal "$(journal 'select(.event == "stored").path' | wc -l)" 20004
	assert_equal "$(came upload)" 1
	read -r kib _ <"$DIR/peak"
	say "VmHWM $kib KiB"
	((kib > 1000 && kib <= 32768))
}
