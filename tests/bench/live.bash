# A recording sent while it is written, compared with the same one sent
# afterwards.  bench sources this; the store is the sandbox's S3 behind a slow
# uplink.
#
# shellcheck shell=bash disable=SC2154

# start_store: set the settings for the store behind the uplink.
start_store() {
	local empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
	rm -rf "$work/store"
	mkdir "$work/store"
	echo "{\"$ROOM\": 1}" >"$work/store/rooms.json"
	"$TOOLS/sandbox" --dir "$work/store" --max-time 900 \
		--webhook-secret "$WEBHOOK_SECRET" --s3 key secret &
	sink=$!
	until [ -s "$work/store/url" ]; do sleep 0.01; done
	MEETING_SERVICE_URL=$(<"$work/store/url")
	export MEETING_SERVICE_URL
	unset FILE_SERVICE_URL
	curl -sf --aws-sigv4 aws:amz:us-east-1:s3 --user key:secret -X PUT \
		-H "x-amz-content-sha256: $empty" "$MEETING_SERVICE_URL/bucket"
	mkdir "$work/uplink"
	echo 5000000 >"$work/uplink/rate"
	exec {uplink}> >(exec "$here/../s3/proxy" "${MEETING_SERVICE_URL##*:}" \
		"$work/uplink" >/dev/null)
	until [ -s "$work/uplink/proxy-port" ]; do sleep 0.01; done
	export JIBRI_FINALIZE_STORE=s3 JIBRI_FINALIZE_S3_BUCKET=bucket
	export JIBRI_FINALIZE_S3_ACCESS_KEY=key JIBRI_FINALIZE_S3_SECRET_KEY=secret
	export JIBRI_FINALIZE_S3_PART_SIZE=5M
	JIBRI_FINALIZE_S3_URL=http://127.0.0.1:$(<"$work/uplink/proxy-port")
	export JIBRI_FINALIZE_S3_URL
}

stop_store() {
	exec {uplink}>&-
	kill "$sink"
	wait "$sink" 2>/dev/null || true
	unset "${!JIBRI_FINALIZE_@}"
	export JIBRI_FINALIZE_CONFIG=/dev/null
}

# record FILE SECONDS: two megabytes a second, then the header and an index.
record() {
	mp4 "$work/recorded" $(($2 * 2000000))
	perl -e '
		my ($from, $to, $step) = @ARGV;
		open my $in, "<", $from or die; binmode $in;
		open my $out, ">", $to or die; binmode $out; $out->autoflush;
		my $size = -s $in; my $at = 0;
		while (read $in, my $b, 200000) {
			substr($b, 24, 8) = "\0" x 8 if $at == 0;
			print $out $b; $at += length $b;
			select undef, undef, undef, 0.1;
		}
		seek $in, 24, 0; read $in, my $b, 8;
		seek $out, 24, 0; print $out $b;' "$work/recorded" "$1"
}

# watched SECONDS: record it below $root while watch runs.
watched() {
	local watch ended told cpu dir=$root/$SESSION
	mkdir -p "$dir"
	"$BIN" watch "$root" >"$work/output" 2>&1 &
	watch=$!
	record "$dir/${ROOM}_2026-01-02-03-04-05.mp4" "$1"
	cp "$work/typical/metadata.json" "$dir"
	ended=$(date +%s%3N)
	until grep -q '"event":"announced"' "$dir/.jibri-finalize" 2>/dev/null; do
		sleep 0.05
		(($(date +%s%3N) - ended < 300000)) || break
	done
	told=$(sed -n 's/{"at":\([0-9]*\),"event":"announced".*/\1/p' \
		"$dir/.jibri-finalize")
	cpu=$(awk '{ print ($14 + $15 + $16 + $17) * 10000 }' "/proc/$watch/stat")
	kill "$watch"
	wait "$watch" || invalid "the watch ended: $(<"$work/output")"
	[ -n "$told" ] || invalid "what was recorded was not delivered"
	echo "live ours 0 $(((told - ended) * 1000)) $cpu 0" >>"$work/results"
}

live() {
	local seconds=60 root=$work/live uplink
	is_wanted live || return 0
	[ -z "$QUICK" ] || seconds=8
	start_store
	watched "$seconds"
	rm "$root/$SESSION/.jibri-finalize"
	result=$("$TOOLS/bench-measure" "$BIN" "$root/$SESSION" "$ROOM" again)
	[ "${result%% *}" = 0 ] || invalid "sent later, it ended with ${result%% *}"
	echo "live later $result" >>"$work/results"
	cmp -s "$work/store/store/$ROOM/$SESSION/"*.mp4 "$root/$SESSION/"*.mp4 ||
		invalid "what is stored is not what was recorded"
	stop_store
}
