#!/usr/bin/env bats
# Comparing with the server: each test breaks one side after a delivery, and
# expects exactly that difference.

load lib
setup() {
	common_setup
	start_sandbox
	recording
	echo notes >"$REC/notes.txt"
	run_finalize 0
	THERE=$SB/store/$ROOM/$SESSION
}
teardown() { common_teardown; }

snapshot() {
	find "$REC" "$SB/store" -type f -printf '%p %s %m %T@ %C@\n' | sort
}

# verify CODE [FLAG...]: it changes nothing, here or at the server.
verify() {
	local code=$1
	shift
	snapshot >"$DIR/before"
	run_command "$code" verify "$@" "$REC"
	snapshot | diff "$DIR/before" -
	assert_equal "$(requests upload)" "${SENT:-3}"
	assert_equal "$(requests webhook)" "${TOLD:-1}"
}

# findings CODE [FLAG...]: "RESULT PATH [WHY]" of each file that is not the
# same, by --json.
findings() {
	local code=$1
	shift
	snapshot >"$DIR/before"
	run --separate-stderr timeout 60 "$BIN" verify --json "$@" "$REC"
	ended_with "$code"
	snapshot | diff "$DIR/before" -
	jq '.recordings[]' <<<"$output" >"$DIR/json"
	jq -r '.files[] | select(.result != "same") |
		[.result, .path, .why // empty] | join(" ")' "$DIR/json"
}

# add_record FILE CONTENT: one more at the server, by another client.
add_record() {
	printf '%s' "$2" | curl -sf -F "file=@-;filename=$1;type=text/plain" \
		"$URL/files/structured/123?path=/$ROOM/$SESSION/" >"$DIR/record"
}

damage() {
	printf X | dd of="$THERE/$1" conv=notrunc status=none
}

@test "a delivered recording agrees with the server, by list and by content" {
	verify 0
	assert_output_has "$SESSION: 3 the same by path and size"
	assert_output_has "  same             5935          5935 $MEDIA"
	assert_equal "$(requests download)" 0
	verify 0 --deep
	assert_output_has "$SESSION: 3 the same by content"
	assert_equal "$(requests download)" 3
	assert_equal "$(findings 0 --deep)" ""
	assert_equal "$(jq -r '.files[].sha256 | [.here, .there, .stored] |
		unique | length' "$DIR/json" | sort -u)" 1
	assert_equal "$(jq .agrees "$DIR/json")" true
}

@test "a file that the server lost is missing, and upload repairs it" {
	rm "$THERE/$MEDIA"
	age_journal
	verify 65
	assert_output_has "error: $MEDIA: missing on the server"
	assert_output_has "$SESSION: 2 the same by path and size, 1 missing"
	assert_equal "$(findings 65)" "missing $MEDIA"
	run_command 0 upload "$REC"
	SENT=4 TOLD=2 verify 0 --deep
}

@test "a file that the server cut differs in size, and upload repairs it" {
	truncate -s 100 "$THERE/$MEDIA"
	assert_equal "$(findings 65)" "size $MEDIA"
	assert_equal "$(jq -c '.files[] | select(.result == "size") |
		[.size, .remoteSize]' "$DIR/json")" "[5935,100]"
	run_command 0 upload "$REC"
	SENT=4 TOLD=2 verify 0 --deep
	assert_output_has "by content; 1 replaced"
}

@test "what a list told before it was cut short does not count twice" {
	truncate -s 100 "$THERE/$MEDIA"
	run_command 0 upload "$REC"
	curl -sf "$URL/metadata?referenceId=123" >"$SB/list.json"
	head -c -1 "$SB/list.json" >"$SB/cut.json"
	faults 'list * 1 body cut.json application/json'
	SENT=4 TOLD=2 verify 0
	assert_output_has "; 1 replaced"
	# A page with two of three records.
	jq -c '{content: .[:2], totalElements: 3}' "$SB/list.json" >"$SB/page.json"
	head -c -2 "$SB/page.json" >"$SB/cut.json"
	faults 'list * 1 body cut.json application/json' \
		'list * 1 body page.json application/json'
	SENT=4 TOLD=2 verify 78
	assert_output_has "is only a part of the list, according to totalElements"
}

@test "only --deep finds a file damaged at the server, and --force repairs it" {
	damage "$MEDIA"
	verify 0
	assert_equal "$(findings 65 --deep)" \
		"content $MEDIA damaged on the server"
	run_command 0 upload --force --only '*.mp4' "$REC"
	SENT=4 TOLD=2 verify 0 --deep
}

@test "a file changed here is distinguished from one damaged at the server" {
	printf NOTES | dd of="$REC/notes.txt" conv=notrunc status=none
	assert_equal "$(findings 65 --deep)" \
		"content notes.txt changed here since it was stored"
	damage notes.txt
	assert_equal "$(findings 65 --deep)" \
		"content notes.txt neither matches what was stored"
}

@test "a file that both sides have but the journal does not is a difference" {
	sed -i 's/"sha256":"[0-9a-f]\{4\}/"sha256":"0000/' \
		"$REC/.jibri-finalize"
	findings 65 --deep >"$DIR/found"
	assert_equal "$(grep -c "both differ from what was stored" \
		"$DIR/found")" 3
}

@test "a redacted metadata.json is compared as it was sent" {
	jq '.upload_credentials = "secret"' "$REC/metadata.json" >"$DIR/new"
	cp "$DIR/new" "$REC/metadata.json"
	# The redacted form is stored already: nothing is sent or announced.
	run_finalize 0
	verify 0 --deep
	run -1 grep -r secret "$THERE"
}

@test "files that only the server has, or has twice, are named" {
	add_record stranger.txt hello
	add_record notes.txt $'notes\n'
	assert_equal "$(findings 65)" "twice notes.txt 2 records have this path
extra /$ROOM/$SESSION/stranger.txt"
	add_record notes.txt longer-notes
	assert_equal "$(findings 65 | cut -d' ' -f1)" "size
twice
extra"
}

@test "files of another session of the same meeting are ignored" {
	local first=$REC
	another_recording second
	run_finalize 0
	REC=$first SENT=5 TOLD=2 verify 0
}

@test "files sent under safe names are found under these" {
	local odd=$'od\\d\xff.txt'
	echo odd >"$REC/$odd"
	run_finalize 0
	SENT=4 TOLD=2 verify 0 --deep
	rm "$THERE"/od*
	findings 65 | grep -F 'missing od'
}

# bats test_tags=slow
@test "a failed download has its error class and is not a difference" {
	local want fault
	printf abc >"$SB/short.bin"
	while read -r want fault; do
		faults "download * * $fault"
		# shellcheck disable=SC2086
		run --separate-stderr timeout 60 "$BIN" verify --deep --json \
			--tries 1 "$REC"
		ended_with "$want"
		assert_equal "$(jq -r '.recordings[].files[].result' <<<"$output" |
			sort -u)" failed
	done <<-END
		75 status 503
		77 status 403
		65 status 404
		78 html
		75 truncate
		75 drop-after
		75 garbage
		75 body short.bin
		75 stall-answer 3
		75 endless
		78 redirect 302 http://127.0.0.1:1/
	END
}

@test "a failed download is repeated from its beginning" {
	faults "download * 1 truncate" "download * 1 status 503"
	verify 0 --deep
	assert_equal "$(requests download)" 5
}

@test "if the server is out, the remaining files are not requested one by one" {
	faults "download * * status 503"
	run_command 75 verify --deep --tries 2 "$REC"
	assert_equal "$(requests download)" 2
	assert_output_has "3 failed"
}

@test "with a failure and a difference the worse exit code counts, and both are named" {
	rm "$THERE/notes.txt"
	faults "download * * status 503"
	run_command 65 verify --deep --tries 1 "$REC"
	assert_output_has "notes.txt: missing on the server"
	assert_output_has "HTTP 503"
}

@test "a failing list is not a difference" {
	faults "list * * status 503"
	run_command 75 verify --tries 1 "$REC"
	assert_output_has "HTTP 503"
	faults "list * * status 403"
	run_command 77 verify "$REC"
	faults "list * * html"
	run_command 78 verify --tries 1 "$REC"
}

@test "without a journal the room is looked up" {
	rm "$REC/.jibri-finalize"
	verify 0 --deep
	[ ! -e "$REC/.jibri-finalize" ]
	rooms "{\"$ROOM\": 456}"
	findings 65 >"$DIR/found"
	assert_equal "$(cut -d' ' -f1 "$DIR/found" | sort | uniq -c | xargs)" \
		"3 missing"
}

@test "each of several recordings is compared, and the worst exit code counts" {
	local first=$REC
	another_recording second
	run_command 65 verify "$first" "$REC"
	assert_output_has "${first##*/}: 3 the same"
	assert_output_has "second: 0 the same by path and size, 2 missing"
	run_command 66 verify "$DIR/none" "$first"
}

@test "names that are long or wide keep to 80 columns, here and in a dry run" {
	needs_terminal
	local long
	long="$(printf 'long-%.0s' {1..20})  $(printf '会議%.0s' {1..18}).txt"
	echo x >"$REC/$long"
	touch -d '1 minute ago' "$REC/$long" "$REC"
	on_terminal() {
		TERM=xterm NO_COLOR=1 "${PTS[@]}" script -qec "stty cols 80 rows 24
			'$BIN' $1 '$REC' 2>/dev/null || true" /dev/null \
			</dev/null | tr -d '\r' >"$DIR/screen"
	}
	on_terminal "upload -n"
	narrow "$DIR/screen"
	run_command 65 verify "$REC"
	run -1 grep -E '.{81}' <(grep -v error: <<<"$output")
	on_terminal verify
	narrow "$DIR/screen"
	on_terminal show
	narrow "$DIR/screen"
}

# narrow FILE: no line is wider than 80 columns, and the name is not broken.
narrow() {
	python3 -c '
import sys, unicodedata
lines = [l.rstrip("\n") for l in open(sys.argv[1], encoding="utf-8")]
wide = [l for l in lines if not l.startswith("  jibri-finalize ") and
    sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in l) > 80]
joined = "".join(l[4:] for l in lines)
sys.exit(f"too wide: {wide}" if wide else
    None if sys.argv[2] in joined else f"{sys.argv[2]} is not in {lines}")
' "$1" "$long"
}

@test "a busy recording is not compared" {
	echo late >"$REC/late.txt"
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=10s
	faults "upload late.txt 1 slow-store 3"
	finalize >"$DIR/first" &
	local first=$!
	wait_for grep -q late.txt "$REC/.jibri-finalize"
	run_command 75 verify "$REC"
	assert_output_has "is working on this recording"
	wait "$first"
	SENT=4 TOLD=2 verify 0
}

@test "a file listed without a size is downloaded no further than the size of the file here" {
	curl -sf "$URL/metadata?referenceId=123" | jq 'map(del(.size))' \
		>"$SB/list.json"
	faults "list * * body list.json application/json" "download * * endless"
	assert_equal "$(findings 65 --deep --deadline 9s)" \
		"content $MEDIA damaged on the server
content metadata.json damaged on the server
content notes.txt damaged on the server"
}

@test "a large file is downloaded in constant memory, however slowly" {
	sparse "$REC/big.mp4" 300000000
	run_finalize 0
	run -0 bash -c '
		"$1" verify --deep --answer-timeout 2s "$2" >"$3" 2>&1 &
		pid=$!
		peak=0
		while kill -0 $pid 2>/dev/null; do
			now=$(awk "/VmHWM/ { print \$2 }" /proc/$pid/status \
				2>/dev/null || true)
			peak=${now:-$peak}
			sleep 0.05
		done
		wait $pid || { cat "$3"; exit 1; }
		echo "$peak"
	' - "$BIN" "$REC" "$DIR/log"
	[ "${SAN:-}" = 1 ] || ((${lines[-1]} < 32768))
	grep "4 the same by content" "$DIR/log"
}

@test "each of several recordings that cannot be compared is reported once" {
	rooms '{}'
	mkdir "$DIR/recordings/other"
	cp "$REC/metadata.json" "$REC/$MEDIA" "$DIR/recordings/other"
	chown nobody "$DIR/recordings/other"/* "$DIR/recordings/other" || true
	rm "$REC/.jibri-finalize"
	run_command 65 verify "$DIR/recordings/other" "$REC" \
		"$DIR/recordings/other" --trust any
	assert_equal "$(grep -c 'error: ' <<<"$output")" 3
}
