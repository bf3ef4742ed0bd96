#!/usr/bin/env bats
# What proves that a version of a file is at the server, and what does not:
# other records of its path, odd or lagging lists, answers of gateways, clocks,
# missing journals.

load lib
load points
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# rewrite FILE: other bytes, the same size.
rewrite() {
	printf 'other bytes %(%s)T' -1 |
		dd of="$1" bs=1 seek=3000 conv=notrunc status=none
}

# has FILE: print how many copies of these bytes the server has.
has() {
	local sum
	sum=$(sha256sum <"$1")
	find "$SB/store" -type f -exec sha256sum {} + | grep -c "^${sum%% *}" ||
		true
}

# post FILE: as the old script did.
post() {
	curl -fsS -o /dev/null -F "file=@$1" \
		"$URL/files/structured/123?path=/$ROOM/$SESSION/"
}

# list_of JQ FILE...: from now on the list has a record for each of these files,
# with ids from 1 on, changed by the filter.
list_of() {
	local filter=$1 id=0 f
	shift
	for f; do
		id=$((id + 1))
		jq -nc --argjson id "$id" --arg path "/$ROOM/$SESSION/$f" \
			--argjson size "$(stat -c %s "$REC/$f")" \
			'{id: $id, path: $path, size: $size}'
	done | jq -sc "map($filter)" >"$SB/list.json.new"
	mv "$SB/list.json.new" "$SB/list.json"
}

has_requests() {
	[ "$(requests "$1")" -ge "$2" ]
}

# begin [ARGUMENT...]: a run in the background, FIRST.
begin() {
	"$BIN" "$REC" "$@" >"$DIR/first" 2>&1 3>&- &
	FIRST=$!
}

@test "after a rewrite another record of the same path and size proves nothing" {
	post "$REC/$MEDIA"
	post "$REC/$MEDIA"
	run_finalize 0
	rewrite "$REC/$MEDIA"
	run_finalize 0
	assert_equal "$(has "$REC/$MEDIA")" 1
	run_command 0 upload "$REC"
	assert_equal "$(has "$REC/$MEDIA")" 1
}

@test "a rewritten file is not sent before the list shows its older versions" {
	run_finalize 0
	rewrite "$REC/$MEDIA"
	faults "list * * status 503"
	run_finalize 75 --tries 1
	assert_equal "$(requests upload)" 2
	# Sent and lost, with the older record in the list.
	faults "upload $MEDIA 1 drop-after"
	run_finalize 0
	assert_equal "$(has "$REC/$MEDIA")" 1
}

@test "a late version is not mistaken for the one sent after it" {
	export JIBRI_FINALIZE_TRIES=1
	faults "upload $MEDIA 1 late-store 1 502"
	run_finalize 75
	rewrite "$REC/$MEDIA"
	faults "upload $MEDIA 1 drop-after"
	run_finalize 75
	run_finalize 0
	assert_equal "$(has "$REC/$MEDIA")" 1
}

@test "a change that keeps size and time is noticed" {
	run_finalize 0
	cp "$REC/$MEDIA" "$DIR/copy"
	rewrite "$DIR/copy"
	touch -r "$REC/$MEDIA" "$DIR/copy"
	cp -p "$DIR/copy" "$REC/$MEDIA"
	run_finalize 0
	assert_equal "$(has "$DIR/copy")" 1
	# A new inode with the same bytes is not a change.
	cp -p "$REC/$MEDIA" "$REC/x.part"
	mv "$REC/x.part" "$REC/$MEDIA"
	run_finalize 0
	assert_equal "$(requests upload)" 3
	assert_equal "$(webhooks | wc -l)" 2
}

@test "metadata.json is sent as it was parsed, whatever is written meanwhile" {
	faults "list * 1 dribble 1"
	begin
	wait_for has_requests list 1
	jq '.upload_credentials = {token: "of-a-user"}' "$REC/metadata.json" \
		>"$DIR/new"
	cat "$DIR/new" >"$REC/metadata.json"
	wait "$FIRST"
	run_finalize 0
	run ! grep -r of-a-user "$SB/store"
}

@test "a journal that is removed ends the run, and nothing is sent twice" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
	echo more >"$REC/z.txt"
	faults "upload $MEDIA 1 slow-store 1"
	begin --parallel 1
	wait_for grep -q sending "$REC/.jibri-finalize"
	rm "$REC/.jibri-finalize"
	run_finalize 75
	assert_output_has "is working on this recording"
	local rc=0
	wait "$FIRST" || rc=$?
	assert_equal "$rc" 75
	run_finalize 0
	assert_equal "$(requests upload)" 3
	is_stored metadata.json z.txt "$MEDIA"
}

@test "a list proves nothing about a file that cannot be read here" {
	needs_strace
	metadata "https://meet.example.org/$ROOM"
	jq '.upload_credentials = {token: "of-a-user"}' "$REC/metadata.json" \
		>"$DIR/new"
	cat "$DIR/new" >"$REC/metadata.json"
	faults "upload metadata.json 1 drop-stored" "list * 1 slow 1000000" \
		"list * * status 503"
	run_finalize 75 --tries 1
	faults
	run -75 strace -f -qq -o "$DIR/trace" -P metadata.json -e trace=openat2 \
		-e inject=openat2:error=EIO "$BIN" "$REC"
	faults "list * * status 503"
	run_finalize 75 --tries 1
	assert_equal "$(requests upload)" 2
	faults
	run_finalize 0
	assert_equal "$(requests upload)" 2
}

@test "a file rewritten before an ambiguous repeat is not proved by the first upload" {
	export JIBRI_FINALIZE_RETRY_DELAY=2s JIBRI_FINALIZE_RETRY_DELAY_MAX=2s
	faults "list * 1 slow 1000000" "list * * status 403" \
		"upload $MEDIA 1 status-stored 502" "upload $MEDIA 1 status 422"
	begin
	wait_for has_requests upload 2
	rewrite "$REC/$MEDIA"
	wait "$FIRST" || true
	assert_equal "$(requests upload)" 3
	faults
	run_command 0 upload "$REC"
	assert_equal "$(has "$REC/$MEDIA")" 1
}

@test "an ambiguous repeat that was not made leaves the outcome unknown" {
	export JIBRI_FINALIZE_RETRY_FOR=500ms JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
	faults "lookup * * status 503"
	run_finalize 75 --tries 1
	faults "list * 1 status 500" "list * * status 401" \
		"upload metadata.json 1 status-stored 503" \
		"upload $MEDIA 1 stall-answer 1"
	run_finalize 75 --parallel 1
	assert_equal "$(requests upload)" 2
	faults "list * * status 503"
	run_finalize 75 --tries 1
	assert_equal "$(requests upload)" 2
}

@test "a run whose journal was removed waits for uploads in flight without spinning" {
	needs_strace
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
	faults "upload $MEDIA 1 slow-store 2" "upload metadata.json 1 status 503"
	strace -f -qq -o "$DIR/trace" -e trace=newfstatat \
		"$BIN" --parallel 2 "$REC" >"$DIR/first" 2>&1 3>&- &
	wait_for has_requests list 2
	rm "$REC/.jibri-finalize"
	wait "$!" || true
	grep -q "was removed or taken over" "$DIR/first"
	assert_equal "$(webhooks)" ""
	[ "$(grep -c jibri-finalize "$DIR/trace")" -lt 100 ]
}

@test "a webhook is not repeated after the journal was removed" {
	export JIBRI_FINALIZE_RETRY_DELAY=4s JIBRI_FINALIZE_RETRY_DELAY_MAX=4s
	faults "webhook * * status 503"
	begin
	wait_for has_requests webhook 1
	rm "$REC/.jibri-finalize"
	local rc=0
	wait "$FIRST" || rc=$?
	assert_equal "$rc" 75
	grep -q "was removed or taken over" "$DIR/first"
	assert_equal "$(requests webhook)" 1
}

@test "a journal whose lock was lost ends the run" {
	needs_strace
	run -75 strace -f -qq -o "$DIR/trace" -P "$REC/.jibri-finalize" \
		-e trace=write,fcntl -e inject=write:error=EIO:when=3+ \
		-e inject=fcntl:error=EAGAIN:when=2+ "$BIN" "$REC"
	assert_output_has "was removed or taken over"
	assert_equal "$(requests upload)" 0
	assert_equal "$(webhooks)" ""
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "a file system without locks is refused, unless locking = no" {
	needs_strace
	local without=(strace -f -qq -o "$DIR/trace" -e 'trace=fcntl,flock'
		-P "$REC" -P "$REC/.jibri-finalize"
		-e inject=fcntl:error=ENOLCK:when=3 -e inject=flock:error=ENOLCK)
	run -78 "${without[@]}" "$BIN" "$REC"
	assert_output_has "set locking = no"
	assert_equal "$(requests)" 0
	run -0 "${without[@]}" "$BIN" --locking=no "$REC"
	is_stored metadata.json "$MEDIA"
}

@test "without a journal nothing is sent before a list was read" {
	rm -f "$REC/.jibri-finalize"
	mkdir "$REC/.jibri-finalize"
	run_finalize 65
	rmdir "$REC/.jibri-finalize"
	needs_strace
	local unwritable=(strace -f -qq -o "$DIR/trace"
		-P "$REC/.jibri-finalize" -P .jibri-finalize
		-e trace=openat -e inject=openat:error=ENOSPC)
	run -0 "${unwritable[@]}" "$BIN" "$REC"
	faults "list * * status 503"
	run -75 "${unwritable[@]}" "$BIN" --tries 1 "$REC"
	assert_equal "$(requests upload)" 2
	# A refused list never comes: the file is sent, and counted.
	faults "list * * status 403"
	run -0 "${unwritable[@]}" "$BIN" finalize --json "$REC"
	assert_output_has '"ambiguous": 2'
}

@test "an earlier run's unknown outcome gets its full time from now, whatever the clock says" {
	export JIBRI_FINALIZE_TRIES=1
	faults "upload $MEDIA 1 late-store 2 502"
	run_finalize 75
	age_journal
	JIBRI_FINALIZE_ANSWER_TIMEOUT=4s run_finalize 0
	assert_equal "$(requests upload)" 2
	is_stored metadata.json "$MEDIA"
}

@test "a gateway's error does not settle an upload that it passed on" {
	local code
	for code in 502 503 504 520 524; do
		another_recording "gateway-$code"
		faults "upload $MEDIA 1 late-store 0.4 $code"
		run_finalize 0
		is_stored metadata.json "$MEDIA"
	done
}

@test "a path in another form is found by its ID" {
	run_finalize 0
	local mapped='.path |= ascii_downcase | .path |= "/bucket" + .'
	cp "$SB/records.jsonl" "$DIR/records"
	jq -sc "map($mapped)" "$SB/records.jsonl" >"$SB/list.json"
	faults "list * * body list.json"
	age_journal
	run_command 0 upload "$REC"
	assert_output_has "done already"
	assert_equal "$(requests upload)" 2
}

@test "sizes and IDs may be strings or floats, or be missing" {
	local i=0 filter
	echo '[]' >"$SB/empty.json"
	for filter in '.size |= tostring' '.size |= tostring + ".0"' \
		'.id |= tostring' 'del(.size)' 'del(.id)' \
		'.id |= "a.b:c+\(.)"'; do
		another_recording "odd-$((++i))"
		list_of "$filter" metadata.json "$MEDIA"
		faults "upload * * drop-stored" "list * 1 body empty.json" \
			"list * * body list.json"
		run_finalize 0
		is_stored metadata.json "$MEDIA"
	done
}

@test "a file that is gone is sent again, even if it was stored in times to come" {
	run_finalize 0
	jq -c '.at += 3600000' "$REC/.jibri-finalize" >"$DIR/fast"
	cat "$DIR/fast" >"$REC/.jibri-finalize"
	rm "$SB/store/$ROOM/$SESSION/$MEDIA"
	JIBRI_FINALIZE_ANSWER_TIMEOUT=200ms run_command 0 upload "$REC"
	is_stored metadata.json "$MEDIA"
}

@test "a file stored just now is not lost because a list lags" {
	run_finalize 0
	echo '[]' >"$SB/list.json"
	faults "list * * body list.json"
	JIBRI_FINALIZE_ANSWER_TIMEOUT=60s run_command 0 upload "$REC"
	assert_output_has "stored just now"
	assert_equal "$(requests upload)" 2
}

@test "a file that the server accepted without a record is never sent again by itself" {
	faults "upload $MEDIA * status 202"
	run_finalize 78
	assert_output_has "its list does not show it"
	assert_output_has "upload --force --only $MEDIA $REC"
	run_finalize 78
	assert_equal "$(request upload .part.filename | grep -c "$MEDIA")" 1
	faults
	run_command 0 upload --force --only "$MEDIA" "$REC"
	assert_equal "$(has "$REC/$MEDIA")" 1
}

@test "a file that the server accepted without a record is found when the list shows it" {
	faults "upload * * status-stored 202"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
}

@test "a list that keeps coming is read to its end, however long it takes" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=500ms
	faults "upload * 1 drop-stored" "list * * dribble 2"
	run_finalize 0
	is_stored metadata.json "$MEDIA"
}

@test "an ID that is stored again counts, where the server keeps one record for each path" {
	local answer='{"id": 7, "path": "x", "size": %d}'
	run_finalize 0
	echo '{"participants": [1], "meeting_url": "https://x.org/'"$ROOM"'"}' \
		>"$REC/metadata.json"
	# shellcheck disable=SC2059
	printf "$answer" "$(stat -c %s "$REC/metadata.json")" >"$SB/answer"
	jq -sc --slurpfile new "$SB/answer" --arg at "/$ROOM/$SESSION/" \
		'map(select(.filename != "metadata.json")) +
		[$new[0] + {path: ($at + "metadata.json")}]' \
		"$SB/records.jsonl" >"$SB/list.json"
	faults "upload metadata.json * body answer application/json" \
		"list * * body list.json"
	run_finalize 0
	touch "$REC/metadata.json"
	echo >>"$REC/metadata.json"
	# shellcheck disable=SC2059
	printf "$answer" "$(stat -c %s "$REC/metadata.json")" >"$SB/answer"
	run_finalize 0
	assert_equal "$(requests upload)" 4
	jq -c 'map(if .id == 7 then .size += 1 else . end)' "$SB/list.json" \
		>"$DIR/list"
	cat "$DIR/list" >"$SB/list.json"
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 4
}

@test "a file stored just now is not sent again because of an older record of another size" {
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
	run_finalize 0
	list_of '.size += 1 | .id += 100' metadata.json "$MEDIA"
	faults "list * * body list.json application/json"
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 2
	# Under its own id it would count as damaged.
	list_of '.size += 1' metadata.json "$MEDIA"
	run_command 0 upload "$REC"
	assert_equal "$(requests upload)" 4
}

@test "files from before 1902 and after 2262 are delivered once" {
	touch -d 2400-01-01 "$REC/$MEDIA"
	touch -d 1901-12-01 "$REC/metadata.json"
	run_finalize 0
	run_finalize 0
	run_command 0 upload "$REC"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(requests upload)" 2
}

@test "eight failures in a row end a run, however many files there are" {
	local i
	for ((i = 0; i < 500; i++)); do echo "$i" >"$REC/n$i.txt"; done
	faults "upload n* * status 422"
	run_finalize 65
	(($(requests upload) < 25))
	(($(stat -c %s "$REC/.jibri-finalize") < 8192))
	assert_output_has "not tried, as too many uploads failed: "
}

@test "small files that are refused do not keep a sweep from the media" {
	local i
	for ((i = 0; i < 9; i++)); do echo "$i" >"$REC/n$i.srt"; done
	faults "upload n* * status 415" "upload metadata.json * status 415"
	touch -d "2 hours ago" "$REC"/* "$REC"
	sweep 65 "$DIR/recordings"
	is_stored "$MEDIA"
}

@test "a visit that achieves nothing writes less than 1 KiB to the journal" {
	local i before
	for ((i = 0; i < 500; i++)); do echo "$i" >"$REC/n$i.txt"; done
	while read -r -a lines; do
		faults "${lines[@]//,/ }"
		for ((i = 0; i < 3; i++)); do
			before=$(stat -c %s "$REC/.jibri-finalize" || echo 0)
			run_finalize 75 --tries 1
			(($(stat -c %s "$REC/.jibri-finalize") - before <= 1024))
		done
	done <<-'END'
		upload,*,*,status,503
		upload,*,*,status,500
		list,*,*,status,503 upload,*,*,status,502
		list,*,*,status,403 upload,*,*,status,500
		list,*,*,status,403 upload,*,*,status,502
		upload,*,*,drop-after
	END
}
