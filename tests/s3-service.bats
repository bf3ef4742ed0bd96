#!/usr/bin/env bats
# A file-service with its parts at S3, which is the sandbox or, with make
# check-s3, a real gateway.

load lib
load s3/s3

setup() {
	common_setup
	recording
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=60s JIBRI_FINALIZE_STALL_TIMEOUT=20s
	export JIBRI_FINALIZE_DEADLINE=10m
}

teardown() {
	stop_proxy
	stop_parts_at_s3
	common_teardown
	no_url
}

# no_url: no file or output of the program has a URL signed by S3.
no_url() {
	[[ ${output-} != *X-Amz-* && ${output-} != *partNumber* ]] ||
		{ echo "a URL in the output: $output" >&2; return 1; }
	! grep -rlE 'X-Amz-Signature|partNumber' "$DIR" --exclude-dir=sandbox \
		--exclude-dir=s3
}

# is_there: stored complete, and neither the service nor the store keeps an
# upload.
is_there() {
	local name there=$SB/store/$ROOM/$SESSION
	# The function of this name in s3.bash asks the bucket.
	assert_equal "$(find "$there" -type f | wc -l)" 3
	for name in metadata.json "$MEDIA" talk.bin; do
		cmp "$REC/$name" "$there/$name"
	done
	assert_equal "$(jq length "$SB/uploads.json")" 0
	assert_equal "$(s3_curl -H "x-amz-content-sha256: $(sha256_of '')" \
		"$S3_URL/$S3_BUCKET?uploads=" | grep -c '<UploadId>')" 0
}

@test "parts go to the store through signed URLs, and become the service's file" {
	start_parts_at_s3 $((5 * MIB))
	big 17
	run_finalize 0 --log-level trace
	is_there
	refute_output_has warning
	assert_equal "$(requests upload) $(requests complete)" "2 1"
	run_command 0 verify --deep "$REC"
}

@test "a host that is not listed gets nothing" {
	start_parts_at_s3 $((5 * MIB))
	big 17
	run_finalize 0 --part-hosts example.org
	is_there
	assert_output_has "which is not in part-hosts; sending it in one piece"
	assert_equal "$(requests upload)" 3
}

@test "URLs that have expired are renewed" {
	start_parts_at_s3 $((5 * MIB)) --parts-life 4 --parts-told 3600
	big 22
	run_finalize 0 --limit-rate 3M --parallel 1
	is_there
	refute_output_has warning
	(($(requests urls) >= 2))
}

# bats test_tags=slow
@test "a large file killed at 95 % costs at most two extra parts" {
	local size=256 part=8 cost
	[ "${LONG:-}" != 1 ] && [ -z "${CHECK_S3:-}" ] || size=1024
	UPLINK=1 start_parts_at_s3 $((part * MIB))
	big "$size"
	killed_after $((size * 95 / 100))
	run_finalize 0
	cost=$(($(sent) / MIB))
	echo "# killed at 95 %: $cost MiB for $size" >&3
	is_there
	((cost <= size + 2 * part))
}

# bats test_tags=slow
@test "a large file cut at 95 % costs only the parts in flight, within one run" {
	local size=256 part=8 cost
	[ "${LONG:-}" != 1 ] && [ -z "${CHECK_S3:-}" ] || size=1024
	UPLINK=1 start_parts_at_s3 $((part * MIB))
	big "$size"
	echo $((size * MIB * 95 / 100)) >"$DIR/proxy/cut-at"
	run_finalize 0
	[ ! -e "$DIR/proxy/cut-at" ]
	cost=$(($(sent) / MIB))
	echo "# cut at 95 %: $cost MiB for $size" >&3
	is_there
	((cost <= size + 2 * part))
}
