#!/usr/bin/env bats
# A recordings directory with a recording of every kind, and a server that is
# down, then up, then unreliable, until all are done or held.

load lib

setup() {
	common_setup
	recordings_root
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=100ms
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=300ms
	export JIBRI_FINALIZE_FAILED_WEBHOOK=final
}

teardown() {
	[ -z "${WORKER:-}" ] || kill "$WORKER" 2>/dev/null || true
	common_teardown
}

# states: "NAME STATE" of all, sorted.
states() {
	"$BIN" status --json | jq -r '.recordings[] |
		"\(.path | split("/") | last) \(.state)"' | LC_ALL=C sort
}

old() {
	find "$@" -exec touch -d '2 hours ago' {} +
}

# lay_out: one of each kind.
lay_out() {
	another_recording called
	another_recording crashed
	rm "$REC/metadata.json"
	old "$REC"
	another_recording live
	rm "$REC/metadata.json"
	head -c 48 /dev/zero >"$REC/$MEDIA"
	another_recording damaged
	head -c 60 "$ROOT/tests/data/video.mp4" >"$REC/$MEDIA"
	old "$REC"
	another_recording stranger
	metadata https://meet.example.org/unknown-room
	mv "$REC/$MEDIA" "$REC/${MEDIA/$ROOM/unknown-room}"
	old "$REC"
	another_recording empty-meta
	: >"$REC/metadata.json"
	old "$REC"
	mkdir -p "$TOP/failed" "$TOP/lost+found" "$TOP/nothing"
	echo x >"$TOP/file"
}

# bats test_tags=slow
@test "a tree with a recording of every kind ends with only done and held ones, whatever the server does" {
	start_sandbox
	lay_out
	another_recording finished
	"$BIN" "$TOP/finished" >/dev/null 2>&1
	another_recording left
	"$BIN" forget --yes "$TOP/left" >/dev/null 2>&1
	assert_equal "$(states)" "called due
crashed due
damaged due
empty-meta due
finished done
left given-up
live settling
stranger due"

	# Down: one recording shows it, the others are left alone.
	stop_sandbox
	run "$BIN" sweep --jobs 1
	assert_equal "$status" 75
	assert_output_has "the meeting-service is down; trying it again after"
	assert_equal "$(grep -l '"failed"' "$TOP"/*/.jibri-finalize | wc -l)" 1

	# Up, with another fault for each sweep.
	start_sandbox
	faults "upload * 30% drop-stored" "any * 30% drop-after" \
		"lookup * 10% status 503" "webhook * 10% status 500"
	wait_for swept
	assert_equal "$(states)" "called done
crashed done
damaged held
empty-meta done
finished done
left given-up
live settling
stranger held"
	faults
	# Jibri finishes its recording.
	cp "$ROOT/tests/data/video.mp4" "$TOP/live/$MEDIA"
	REC=$TOP/live metadata "https://meet.example.org/$ROOM"
	old "$TOP/live"
	run "$BIN" sweep
	assert_equal "$status" 0
	assert_equal "$(states | grep -c ' done$')" 5

	# Nothing was lost and nothing doubled.
	assert_equal "$(find "$SB/store" -name '*~*' | wc -l)" 0
	local s
	for s in called crashed empty-meta finished live damaged; do
		cmp "$TOP/$s/$MEDIA" "$SB/store/$ROOM/$s/$MEDIA"
	done
	assert_equal "$(webhooks | grep STOPPED | sort)" "STOPPED $ROOM called
STOPPED $ROOM crashed
STOPPED $ROOM empty-meta
STOPPED $ROOM finished
STOPPED $ROOM live"
	# --check is for monitoring.
	run "$BIN" status --check
	assert_equal "$status" 2
}

# swept: one more sweep; true when nothing is waiting.
swept() {
	"$BIN" sweep >>"$DIR/sweeps" 2>&1 || true
	! "$BIN" status --state waiting,due,busy --json | jq -e '.recordings != []'
}

@test "status fits 80 columns, and says why" {
	local want
	start_sandbox
	lay_out
	"$BIN" sweep >/dev/null 2>&1 || true
	"$BIN" status >"$DIR/table"
	# A command stays whole, so that it can be pasted.
	assert_equal "$(awk 'length > 80 && !/^  jibri-finalize /' \
		"$DIR/table")" ""
	output=$(<"$DIR/table")
	assert_output_has "STATE    SESSION"
	assert_output_has "held     damaged"
	# The whole reason, however long it is.
	want="unknown room: GET $URL/api/meetings/room/unknown-room: HTTP 404: unknown room; if it is known under another name, name its room: jibri-finalize upload --room ROOM $TOP/"
	tr -d ' \n' <"$DIR/table" | grep -qF "${want// }"
	grep -qx "2 held, 1 settling, 3 done" "$DIR/table"
}

@test "status reads without locks and writes nothing, also as another user" {
	start_sandbox
	lay_out
	"$BIN" sweep >/dev/null 2>&1 || true
	find "$TOP" -name .jibri-finalize -exec chmod 644 {} +
	find "$TOP" -printf '%p %T@ %C@\n' | sort >"$DIR/before"
	"$BIN" status --json >"$DIR/mine"
	if ((EUID == 0)); then
		open_program
		setpriv --reuid 65534 --regid 65534 --clear-groups \
			"$DIR/bin" status --json >"$DIR/theirs"
		diff <(jq -S '.recordings | map(del(.age)) | sort_by(.path)' \
			"$DIR/mine") <(jq -S '.recordings | map(del(.age)) |
			sort_by(.path)' "$DIR/theirs")
	fi
	diff "$DIR/before" <(find "$TOP" -printf '%p %T@ %C@\n' | sort)
}

@test "status filters by state, and an unknown state is refused" {
	start_sandbox
	lay_out
	assert_equal "$("$BIN" status --state settling --json |
		jq -r '.recordings[].path')" "$TOP/live"
	run "$BIN" status --state done,foo
	assert_equal "$status" 64
	assert_output_has "--state: unknown state in 'done,foo'"
}

@test "status of a missing root says so, and does not call it empty" {
	local option
	for option in "" --json; do
		run --separate-stderr "$BIN" status $option "$DIR/nowhere"
		assert_equal "$status" 66
		[ -n "$option" ] || assert_equal "$output" ""
		[[ $stderr == *"nowhere: no such recordings directory" ]]
	done
	another_recording called
	run "$BIN" status "$DIR/nowhere" "$TOP"
	assert_equal "$status" 66
	assert_output_has "called"
}
