#!/usr/bin/env bats
# Large files go to S3 in parts, and resume after an interruption.

load lib
load points
load s3/s3
setup() {
	common_setup
	start_s3
	recording
	BIG=$REC/talk.bin
	export JIBRI_FINALIZE_S3_PART_SIZE=5M JIBRI_FINALIZE_ANSWER_TIMEOUT=5s
}

teardown() {
	stop_proxy
	common_teardown
}

# change OFFSET: change one byte there, and the mtime.
change() {
	printf '%b' "\\x$(printf %02x $((($(byte "$1") + 1) % 256)))" |
		dd of="$BIG" bs=1 seek="$1" conv=notrunc status=none
}

byte() {
	od -An -tu1 -j "$1" -N 1 "$BIG"
}

# uploads: ids of the uploads in parts that the server keeps.
uploads() {
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" \
		"$S3_URL/$S3_BUCKET?uploads=" | grep -o '<UploadId>[^<]*' || true
}

# parts: "NUMBER MD5" of each that the journal has, as they came.
parts() {
	journal 'select(.event == "partStored") | "\(.count) \(.md5)"'
}

# is_there: the whole recording and nothing else is stored, and no upload is
# left.
is_there() {
	is_stored metadata.json "$MEDIA" talk.bin
	assert_equal "$(uploads)" ""
}

@test "a file larger than one part goes in parts, each noted with its hash; a smaller one in one piece" {
	big 12
	run_finalize 0
	is_there
	assert_equal "$(parts | sort | cut -d ' ' -f 2)" \
		"$(split -b 5M --filter md5sum "$BIG" | cut -d ' ' -f 1)"
	assert_equal "$(journal 'select(.event == "uploadBegun") |
		[.path, .size, .key] | join(" ")')" \
		"talk.bin 5242880 /$ROOM/$SESSION/talk.bin"
	assert_equal "$(journal 'select(.event == "stored" and
		.path == "talk.bin") | .sha256')" \
		"$(sha256sum "$BIG" | cut -d ' ' -f 1)"
	run_command 0 verify --deep "$REC"
	run_finalize 0
	assert_output_has "done already"
	assert_equal "$(parts | wc -l)" 3
}

@test "each part is sent with its MD5 and its own signature, and is not hashed twice" {
	needs_sandbox
	big 12
	run_finalize 0
	assert_equal "$(request part '.headers["content-md5"]' | sort)" \
		"$(split -b 5M --filter 'openssl md5 -binary | base64' "$BIG" |
			sort)"
	assert_equal "$(request part '.headers["x-amz-content-sha256"]' |
		sort -u)" UNSIGNED-PAYLOAD
	assert_equal "$(request complete '.headers["x-amz-content-sha256"] |
		test("^[0-9a-f]{64}$")')" true
	assert_equal "$(request part .headers.authorization | sort -u |
		wc -l)" 3
}

@test "a file of exactly one part, or of exactly two, has no empty part" {
	big 5
	run_finalize 0
	is_there
	assert_equal "$(parts | wc -l)" 0
	big 10
	run_finalize 0
	is_there
	assert_equal "$(parts | wc -l)" 2
}

@test "an s3-part-size outside of S3's limits is a configuration error" {
	big 12
	for size in 4M 6G; do
		run_finalize 78 --s3-part-size "$size"
		assert_output_has "s3-part-size"
	done
	run_finalize 0 --s3-part-size 11M
	is_there
}

# --- interrupted -------------------------------------------------------------

# uplink: S3 is behind a proxy from now on.
uplink() {
	start_proxy
	export JIBRI_FINALIZE_S3_URL=$S3_PROXY
}

# of_another SESSION MIB: one more recording, with a file of that size.
of_another() {
	another_recording "$1"
	BIG=$REC/talk.bin
	big "$2"
}

# bats test_tags=slow
@test "a large file killed at 10, 50 and 95 % costs at most two extra parts" {
	local size=256 part=8 percent before cost
	! is_long || size=1024
	export JIBRI_FINALIZE_S3_PART_SIZE=${part}M JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	export JIBRI_FINALIZE_PARALLEL=2
	uplink
	for percent in 10 50 95; do
		of_another "killed-at-$percent" "$size"
		before=$(sent)
		killed_after $((size * percent / 100))
		assert_equal "$(uploads | wc -l)" 1
		run_finalize 0
		cost=$((($(sent) - before) / MIB))
		say "killed at $percent %: $cost MiB for $size"
		is_there
		((cost <= size + 2 * part))
	done
}

# bats test_tags=slow
@test "cut connections cost only the parts in flight, within one run" {
	local size=128 part=8 percent cost before
	export JIBRI_FINALIZE_S3_PART_SIZE=${part}M JIBRI_FINALIZE_PARALLEL=2
	uplink
	big "$size"
	for percent in 10 50 95; do
		of_another "cut-at-$percent" "$size"
		before=$(sent)
		echo $((before + size * MIB * percent / 100)) >"$DIR/proxy/cut-at"
		run_finalize 0
		[ ! -e "$DIR/proxy/cut-at" ]
		cost=$((($(sent) - before) / MIB))
		say "cut at $percent %: $cost MiB for $size"
		is_there
		((cost <= size + 2 * part))
	done
}

# keeps_parts N [FLAG...]: a run that leaves so many parts at the store.
keeps_parts() {
	local pid n=$1
	shift
	"$BIN" "$REC" --parallel 1 --limit-rate 4M "$@" >"$DIR/log" 2>&1 3>&- &
	pid=$!
	wait_for has_parts "$n"
	kill -9 "$pid"
	! wait "$pid" 2>/dev/null
	assert_equal "$(uploads | wc -l)" 1
	jq -c 'select(.event == "partStored")' "$REC/.jibri-finalize" >"$DIR/kept"
	assert_equal "$(wc -l <"$DIR/kept")" "$n"
}

has_parts() {
	(($(parts | wc -l) >= $1))
}

# sends NUMBER...: only these parts are sent, then the whole file is stored.
sends() {
	run_finalize 0
	is_there
	assert_equal "$(jq -c 'select(.event == "partStored")' \
		"$REC/.jibri-finalize" | grep -vxFf "$DIR/kept" |
		jq .count | sort -n | xargs)" "$*"
}

@test "with the journal lost, or on another machine, only the missing parts are sent" {
	big 17
	keeps_parts 2
	rm "$REC/.jibri-finalize"
	sends 3 4
}

# bats test_tags=slow
@test "lists of parts and of uploads in pages are read to their end" {
	needs_sandbox
	stop_sandbox
	start_s3 --page-size 2
	local n
	big 32
	keeps_parts 5
	rm "$REC/.jibri-finalize"
	rm "$SB/requests.jsonl"
	sends 6 7
	(($(requests parts) >= 3))
	of_another pages 17
	keeps_parts 1
	for n in {1..4}; do begins_orphan "orphan-$n"; done
	run_command 0 forget -n "$REC"
	assert_output_has "5 uploads in parts would be aborted"
	assert_equal "$(requests abort)" 0
	run_command 0 forget --yes "$REC"
	assert_output_has "5 uploads in parts are aborted"
	assert_equal "$(uploads)" ""
}

@test "a dry run aborts nothing, even if the file is there in another way" {
	big 17
	keeps_parts 2
	s3_curl -T "$BIG" -H "x-amz-content-sha256: $(sha256sum "$BIG" |
		cut -d ' ' -f 1)" "$S3_URL/$S3_BUCKET/$ROOM/$SESSION/talk.bin"
	run_command 0 upload --dry-run "$REC"
	assert_output_has "3 there already"
	assert_equal "$(uploads | wc -l)" 1
	run_command 0 upload "$REC"
	is_there
}

@test "only the parts that differ of a file changed between two runs are sent" {
	big 22
	keeps_parts 3
	change $((6 * MIB))
	sends 2 4 5
	assert_equal "$(journal 'select(.event == "stored" and
		.path == "talk.bin") | .sha256')" \
		"$(sha256sum "$BIG" | cut -d ' ' -f 1)"
}

# bats test_tags=slow
@test "a file that grew keeps its parts; one that shrank starts again" {
	big 14
	keeps_parts 2
	head -c 4000000 /dev/urandom >>"$BIG"
	sends 3 4
	of_another shorter 17
	keeps_parts 3
	truncate -s 7M "$BIG"
	: >"$DIR/kept"
	sends 1 1 2 2 3
	assert_equal "$(journal 'select(.event == "uploadBegun") | .id' |
		sort -u | wc -l)" 2
}

# bats test_tags=slow
@test "after a change of s3-part-size an upload continues if it can" {
	big 17
	keeps_parts 2 --s3-part-size 7M
	sends 3
	of_another larger 33
	keeps_parts 5
	# The present size would need too many parts.
	export JIBRI_FINALIZE_S3_PART_SIZE=11M
	: >"$DIR/kept"
	sends 1 1 2 2 3 3 4 5
}

@test "a partly sent recording that is packed sends only the missing parts from another machine" {
	local before cost
	big 27
	keeps_parts 3
	run_command 0 pack -o "$DIR/half.tar" "$REC"
	mv "$REC" "$DIR/node-that-is-gone"
	uplink
	before=$(sent)
	run_command 0 upload "$DIR/half.tar"
	wait_for has_sent $((before + 12 * MIB))
	cost=$((($(sent) - before) / MIB))
	say "$cost MiB for the 12 that were missing"
	((cost <= 13))
	mv "$DIR/node-that-is-gone" "$REC"
	is_there
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

# bats test_tags=slow
@test "after a power cut at any write of the journal, each of three parts is stored once" {
	local n keep rc step=9 shim=${BUILD:-$ROOT/build}/preload-powercut.so
	needs_sandbox
	! is_long || step=1
	[ "${SAN:-}" != 1 ] || export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	big 11
	mv "$REC" "$DIR/template"
	SEED=${SEED:-$RANDOM}
	points=0
	for ((n = 1; ; n += step)); do
		for keep in none half all; do
			point "cut-$n-$keep"
			BIG=$REC/talk.bin
			rc=0
			LD_PRELOAD=$shim POWERCUT_AT=$n POWERCUT_KEEP=$keep \
				"$BIN" "$REC" >"$DIR/log" 2>&1 || rc=$?
			((rc != 0)) || break 2
			holds [ "$rc" = 100 ]
			JIBRI_FINALIZE_ANSWER_TIMEOUT=200ms exits 0 "$BIN" "$REC"
			holds is_there
			# The parts in flight are sent again, and no other.
			holds [ "$(requests part)" -le 6 ]
			: >"$SB/requests.jsonl"
			exits 0 "$BIN" "$REC"
			holds [ "$(requests)" = 0 ]
			s3_clear
			rm -r "$REC"
		done
	done
	say "$points points"
	((points > (step > 1 ? 6 : 60)))
}

# bats test_tags=slow
@test "after a SIGKILL at every tenth system call, each of three parts is stored once" {
	local n total patience=200ms
	[ -z "${CHECK_S3:-}" ] || patience=3s
	needs_strace
	big 11
	mv "$REC" "$DIR/template"
	SEED=${SEED:-$RANDOM}
	point counted
	BIG=$REC/talk.bin
	system_calls 10 >"$DIR/calls"
	total=$(wc -l <"$DIR/calls")
	((total > 20))
	# All of them with a real gateway.
	[ -n "${CHECK_S3:-}" ] || {
		some 4 <"$DIR/calls" >"$DIR/sample"
		mv "$DIR/sample" "$DIR/calls"
	}
	while read -r name n; do
		point "$name-$n"
		BIG=$REC/talk.bin
		{
			timeout -k 5 60 strace -f -qq -o /dev/null \
				-e trace="$name" \
				-e inject="$name:signal=KILL:when=$n" \
				"$BIN" "$REC" >"$DIR/log" 2>&1 || true
		} 2>/dev/null
		JIBRI_FINALIZE_ANSWER_TIMEOUT=$patience exits 0 "$BIN" "$REC"
		holds is_there
		s3_clear
	done <"$DIR/calls"
	say "$(wc -l <"$DIR/calls") points of $total"
}

# --- what a store may do
# -------------------------------------------------------

# bats test_tags=slow
@test "a refused, damaged or unanswered request of any kind is repeated, and nothing is stored twice" {
	needs_sandbox
	local fault stage n=0
	big 11
	mv "$REC" "$DIR/template"
	for stage in uploads begin part parts complete; do
		for fault in "status 503" "s3-error 500 InternalError" \
			"s3-error 200 InternalError" \
			"s3-error-stored 200 InternalError" drop-after drop-stored \
			"drop-at 0" truncate "truncate-lost" garbage-stored; do
			point "fault-$((++n))"
			BIG=$REC/talk.bin
			faults "$stage * 1 $fault"
			JIBRI_FINALIZE_ANSWER_TIMEOUT=500ms exits 0 "$BIN" "$REC"
			echo "$stage $fault" >>"$DIR/log"
			holds is_there
			(($(requests part) <= 6))
		done
	done
}

@test "complete is repeated after an error inside a 200, and no part is" {
	needs_sandbox
	big 11
	faults "complete * 1 s3-error 200 InternalError"
	run_finalize 0
	is_there
	assert_equal "$(requests begin) $(requests part) $(requests complete)" \
		"1 3 2"
}

# bats test_tags=slow
@test "after complete, an upload that is gone is looked for in the list and not sent again" {
	needs_sandbox
	local fault n=0
	for fault in drop-stored "status-stored 503" truncate \
		"s3-error-stored 200 InternalError"; do
		of_another "complete-$((++n))" 11
		rm "$SB/requests.jsonl"
		faults "complete * 1 $fault"
		run_finalize 0
		is_there
		assert_equal "$(requests begin) $(requests part) $(
			requests complete)" "1 3 1"
		assert_equal "$(journal 'select(.event == "ambiguous")')" ""
	done
}

@test "a part damaged in transit is sent again in the same run" {
	needs_sandbox
	big 17
	faults "part * 1 s3-error 400 BadDigest"
	run_finalize 0
	is_there
	assert_equal "$(requests part)" 5
}

@test "a part that was accepted and not kept is found missing before complete" {
	needs_sandbox
	big 17
	# As Swift answers for an upload that it has lost.
	faults "part *partNumber=2* 1 status 200 ETag: \"$(printf %032d 0)\""
	run_finalize 0
	is_there
	assert_output_has "accepted part 2"
	assert_equal "$(requests part) $(requests complete) $(requests abort)" \
		"5 1 0"
}

@test "a listed part that was never sent is a failure that counts" {
	needs_sandbox
	big 11
	printf '<ListPartsResult><Part><PartNumber>9</PartNumber>%s%s' \
		'<Size>5</Size><ETag>x</ETag></Part>' '</ListPartsResult>' \
		>"$SB/extra"
	faults "parts * * body extra application/xml"
	run_finalize 75 --tries 2 --deadline 15s
	assert_output_has "lists part 9"
	assert_equal "$(requests begin) $(requests abort) $(requests complete)" \
		"2 1 0"
}

@test "complete may send blanks for longer than answer-timeout" {
	needs_sandbox
	big 11
	faults "complete * 1 dribble 3"
	JIBRI_FINALIZE_ANSWER_TIMEOUT=1s run_finalize 0
	is_there
	assert_equal "$(requests complete)" 1
}

@test "an upload that is gone is started again, also in the middle of it" {
	big 17
	keeps_parts 2
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" -X DELETE \
		"$S3_URL/$S3_BUCKET/$ROOM/$SESSION/talk.bin?uploadId=$(
			journal 'select(.event == "uploadBegun") | .id | @uri')"
	: >"$DIR/kept"
	sends 1 1 2 2 3 4
	needs_sandbox
	of_another middle 17
	faults "part *partNumber=3* 1 s3-error 404 NoSuchUpload"
	run_finalize 0
	is_stored metadata.json "$MEDIA" talk.bin
}

# lengths: the bodies' of the parts that were sent.
lengths() {
	request part '.headers["content-length"]' | xargs
}

@test "a store that accepts fewer parts gets larger ones, and the setting is named" {
	needs_sandbox
	big 17
	# One at a time, so that only the last is refused; then three.
	faults "part *partNumber=4* * s3-error 400 InvalidArgument"
	JIBRI_FINALIZE_PARALLEL=1 run_finalize 0
	is_there
	assert_output_has "s3-part-size"
	assert_equal "$(lengths)" "5242880 5242880 5242880 2097152 $(
		)6291456 6291456 5242880"
	assert_equal "$(requests begin) $(requests abort)" "2 1"
	assert_equal "$(journal 'select(.event == "stored" and
		.path == "talk.bin") | .sha256')" \
		"$(sha256sum "$BIG" | cut -d ' ' -f 1)"
	run_command 0 verify --deep "$REC"
	of_another several 41
	faults "part *partNumber=[5-9]* * s3-error 400 InvalidArgument"
	run_finalize 0 --parallel 8
	is_there
	run_command 0 verify --deep "$REC"
}

@test "a store that refuses every part, or wants larger ones, is reported with the setting" {
	needs_sandbox
	big 17
	faults "part * * s3-error 400 InvalidArgument"
	run_finalize 78
	assert_output_has "s3-part-size"
	run_command 0 forget --yes "$REC"
	of_another larger 17
	faults "complete * * s3-error 400 EntityTooSmall"
	run_finalize 78
	assert_output_has "s3-part-size"
	faults ''
	run_finalize 0 --s3-part-size 8M
	is_there
}

@test "parts are sent even without permission to list parts or uploads" {
	needs_sandbox
	big 17
	faults "parts * * s3-error 403 AccessDenied" \
		"uploads * * s3-error 403 AccessDenied" \
		"complete * * s3-error 403 AccessDenied"
	run_finalize 77
	faults "parts * * s3-error 403 AccessDenied" \
		"uploads * * s3-error 403 AccessDenied"
	rm "$SB/requests.jsonl"
	run_finalize 0
	assert_equal "$(requests part)" 0       # the journal knows them
	faults ''
	is_there
}

@test "an unexpected ETag is settled by the list, or believed without one" {
	needs_sandbox
	local etag part
	part='<CompleteMultipartUploadResult><ETag>'
	for etag in '' 'kms-1' "$(printf %032d 0)-2"; do
		echo "$part$etag</ETag></CompleteMultipartUploadResult>" \
			>"$SB/answer.xml"
		of_another "etag-${etag:-none}" 9
		faults "complete * * body-stored answer.xml application/xml"
		if [[ $etag == *-2 ]]; then
			# One in our form, and another one.
			JIBRI_FINALIZE_ANSWER_TIMEOUT=100ms run_finalize 0
			assert_output_has "stored"
		else
			run_finalize 0
			is_there
			of_another "unlisted-${etag:-none}" 9
			faults "complete * * body-stored answer.xml application/xml" \
				"list * * s3-error 403 AccessDenied"
			run_finalize 0
			is_there
		fi
		assert_equal "$(parts | wc -l)" 2
	done
}

# lists ETAG: the bucket lists talk.bin with this ETag.
lists() {
	printf '<ListBucketResult><Contents><Key>%s</Key><ETag>%s</ETag>
		<Size>%s</Size></Contents></ListBucketResult>' \
		"$ROOM/$SESSION/talk.bin" "$1" "$(stat -c %s "$BIG")"
}

@test "an object made of other parts is not taken for ours" {
	needs_sandbox
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=100ms
	big 9
	echo '<CompleteMultipartUploadResult/>' >"$SB/answer.xml"
	echo '<ListBucketResult/>' >"$SB/empty.xml"
	lists "$(printf %032d 0)-2" >"$SB/other.xml"
	faults "complete * * body answer.xml" "list * 2 body empty.xml" \
		"list * * body other.xml"
	run_command 78 upload --only '*.bin' "$REC"
	assert_output_has "its list does not show it"
	# If the ETag is not an MD5, the size counts.
	of_another kms 9
	lists kms-1 | sed 's/<Size>./&1/' >"$SB/other.xml"
	faults "complete * * body answer.xml" "list * 2 body empty.xml" \
		"list * * body other.xml"
	run_command 78 upload --only '*.bin' "$REC"
	assert_output_has "its list does not show it"
	run ! grep STOPPED "$SB/webhooks.jsonl"
}

# begins_orphan NAME: an upload that no journal knows.
begins_orphan() {
	s3_curl -H "x-amz-content-sha256: $(sha256_of '')" -X POST -o "$DIR/xml" \
		"$S3_URL/$S3_BUCKET/$ROOM/$SESSION/$1?uploads="
}

# bats test_tags=slow
@test "forget aborts the recording's uploads, also those that no journal knows, and no others" {
	local reset
	for reset in "" --reset; do
		of_another "forgotten$reset" 17
		JIBRI_FINALIZE_DEADLINE=2s run finalize --limit-rate 1M
		assert_equal "$(uploads | wc -l)" 1
		begins_orphan orphan
		begins_orphan talk.bin
		SESSION=another begins_orphan talk.bin
		# shellcheck disable=SC2086
		run_command 0 forget -n $reset "$REC"
		assert_output_has "3 uploads in parts would be aborted"
		assert_equal "$(uploads | wc -l)" 4
		# shellcheck disable=SC2086
		run_command 0 forget $reset --yes "$REC"
		assert_output_has "3 uploads in parts are aborted"
		assert_equal "$(uploads | wc -l)" 1
		run_command 0 upload "$REC"
		is_stored metadata.json "$MEDIA" talk.bin
		another_recording another
		run_command 0 upload "$REC"
		run_command 0 forget --yes "$REC"
		assert_equal "$(uploads)" ""
		rm -r "$REC"
	done
}

@test "forget says that the store could not be asked, and gives up the recording anyway" {
	needs_sandbox
	big 17
	keeps_parts 1
	faults "abort * * s3-error 403 AccessDenied"
	run_command 77 forget --yes "$REC"
	assert_output_has "may keep parts"
	run_command 0 forget -n "$REC"
	assert_output_has "1 upload in parts would be aborted"
	run_finalize 0
	assert_output_has "given up"
	faults ''
	run_command 0 forget --yes "$REC"
	assert_equal "$(uploads)" ""
}

# bats test_tags=slow
@test "--force aborts earlier uploads and reuses none of their parts" {
	big 17
	keeps_parts 2
	rm "$REC/.jibri-finalize"
	run_finalize 0 --force
	is_there
	assert_equal "$(parts | cut -d ' ' -f 1 | sort | xargs)" "1 2 3 4"
	of_another known 17
	keeps_parts 2
	run_finalize 0 --force
	is_there
	assert_equal "$(parts | cut -d ' ' -f 1 | sort | xargs)" "1 1 2 2 3 4"
}

# --- memory ------------------------------------------------------------------

# peak_of ARGUMENT...: VmHWM of a run, which ends well.
peak_of() {
	"${BUILD:-$ROOT/build}/bench-measure" "$BIN" "$REC" "$@" >"$DIR/measured"
	read -r rc _ _ PEAK_KIB _ <"$DIR/measured"
	[ "$rc" = 0 ]
	say "$*: $PEAK_KIB KiB"
}

@test "a sparse file of 6 GiB goes in 768 parts, in 16 MiB of memory" {
	[ "${SAN:-}" != 1 ] || skip "its shadow memory is not ours"
	is_long || [ -n "${CHECK_S3:-}" ] || skip "make check-long, make check-s3"
	export JIBRI_FINALIZE_S3_PART_SIZE=8M JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	export JIBRI_FINALIZE_DEADLINE=10m
	truncate -s 6G "$BIG"
	peak_of
	((PEAK_KIB <= 16 * 1024))
	assert_equal "$(parts | wc -l)" 768
	run -0 timeout 600 "$BIN" verify --deep "$REC"
	s3_clear
}

# bats test_tags=slow
@test "one large file in parts needs 16 MiB, several with 16 parts in flight 32 MiB" {
	[ "${SAN:-}" != 1 ] || skip "its shadow memory is not ours"
	local n
	export JIBRI_FINALIZE_S3_PART_SIZE=8M JIBRI_FINALIZE_ANSWER_TIMEOUT=60s
	if is_long; then big 1024; else big 256; fi
	peak_of
	is_there
	((PEAK_KIB <= 16 * 1024))
	of_another several 100
	for n in 1 2 3; do
		head -c 100M /dev/urandom >"$REC/$n.bin"
	done
	peak_of --parallel 16
	((PEAK_KIB <= 32 * 1024))
	is_stored metadata.json "$MEDIA" {1,2,3}.bin talk.bin
}
