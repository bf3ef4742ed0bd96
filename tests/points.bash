# Shared by the tests that walk many points at one sandbox: a session for each
# point, checks that name the point, and figures.
#
# shellcheck shell=bash

# points_setup: after common_setup.  Each recording is a copy of this one.
points_setup() {
	start_sandbox
	recording
	printf 'one\n' >"$REC/a.txt"
	mv "$REC" "$DIR/template"
	# The search for leaks does not work under strace.
	[ "${SAN:-}" != 1 ] ||
		export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	SEED=${SEED:-$RANDOM}
	RANDOM=$SEED
	points=0
}

# is_long: is this `make check-long`?
is_long() {
	[ "${LONG:-}" = 1 ]
}

# some N: one in N lines of stdin, different ones in each run; all with LONG=1.
some() {
	local n=$1
	is_long && n=1
	awk -v n="$n" -v first=$((RANDOM % n)) 'NR % n == first'
}

# say TEXT: a figure, for the reader of the results.
say() {
	echo "# $*" >&3
}

# system_calls [N]: "NAME ORDINAL" of every Nth call of a run.  The ordinals
# count from the start, as strace counts; calls before the pipe for signals are
# the loader's.
system_calls() {
	exits 0 strace -f -qq -o "$DIR/trace" "$BIN" "$REC"
	awk -v every="${1:-1}" '
		NR == 1 { pid = $1 }
		$1 != pid || $2 !~ /^[a-z0-9_]+\(/ { next }
		{ name = $2; sub(/\(.*/, "", name); n[name]++ }
		name == "pipe2" { ours = 1 }
		ours && ++of % every == 0 { print name, n[name] }' "$DIR/trace"
}

# point SESSION: one more, with a recording and a log of requests of its own;
# no name is used twice.
point() {
	SESSION=$1
	REC=$DIR/recordings/$1
	mkdir "$REC"
	cp -RT "$DIR/template" "$REC"
	# For a file just written, /proc is read, which always differs.
	find "$REC" -type f -exec touch -d '1 hour ago' {} +
	: >"$SB/requests.jsonl"
	points=$((points + 1))
}

# holds COMMAND...: run it; if it fails, show which and where.
holds() {
	"$@" && return 0
	echo "$SESSION (seed $SEED): failed: $*" >&2
	cat "$DIR/log" "$REC/.jibri-finalize" >&2
	return 1
}

# exits CODES COMMAND...: it ends with one of these codes; its output goes to
# the log.  A command that hangs is killed.
exits() {
	local wanted=$1
	shift
	rc=0
	timeout -k 5 20 "$@" >"$DIR/log" 2>&1 || rc=$?
	[[ " $wanted " == *" $rc "* ]] || holds [ "exit code $rc" = "$wanted" ]
}

# Every file is stored once, byte for byte, and nothing else.
is_delivered() {
	diff -r --exclude=.jibri-finalize "$REC" "$SB/store/$ROOM/$SESSION"
}

# came STAGE|any: how many requests there were at this point.
came() {
	grep -c "\"stage\":\"${1#any}" "$SB/requests.jsonl" || true
}

# settles: the next run completes it, one more has nothing left to do.
settles() {
	local n
	exits 0 "$BIN" "$REC"
	holds is_delivered
	n=$(came any)
	exits 0 "$BIN" "$REC"
	holds [ "$(came any)" = "$n" ]
	holds jq -e .event "$REC/.jibri-finalize" >"$DIR/events"
}

# announced_once [MOST [IDS]]: each session at the server was announced by one
# STOPPED; where its acknowledgement was lost, each repeat has the same id and
# body.  Where the journal was lost, there are up to so many ids.
announced_once() {
	local sessions=("$SB/store/$ROOM"/*)
	jq -es --argjson n "${#sessions[@]}" --argjson most "${1:-2}" \
		--argjson ids "${2:-1}" '
		map(select(.acked) | (.body | fromjson) +
			{id: .headers["webhook-id"], raw: .body}) |
		map(select(.eventType == "STOPPED")) | group_by(.sessionId) |
		map(select((map(.id) | unique | length) > $ids or
			(map(.id) | unique | length) !=
				(map([.id, .raw]) | unique | length) or
			length > $most)) as $wrong |
		($wrong == [] or ($wrong | debug | false)) and length == $n
		' "$SB/webhooks.jsonl" >/dev/null
}

# never_failed: no session was ever announced as FAILED.
never_failed() {
	! grep FAILED "$SB/webhooks.jsonl" >&2
}

ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}
