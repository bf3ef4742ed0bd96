# A fleet on real NFS 4.2: User Mode Linux is a separate kernel, with the server
# and two hosts that mount it.

load ../lib
load machine

setup() {
	common_setup
	need_root
	command -v linux.uml >/dev/null || skip "no user-mode-linux"
	TREE=$DIR/tree
	cp -a "$(base_tree nfs nfs-kernel-server kmod iproute2 socat jq \
		util-linux libcurl4 libjansson4 libmagic1 libssl3 \
		libmicrohttpd12)" "$TREE"
	cp "$BIN" "$TREE/root/jibri-finalize"
	cp "$SANDBOX" "$TREE/root/sandbox"
	cp "$ROOT/tests/packages/nfs-guest" "$TREE/root/"
	cp "$ROOT/tests/data/video.mp4" "$TREE/root/"
	mkdir "$TREE/root/out"
	SB=$TREE/root/sandbox.d
	mkdir "$SB"
	echo "{\"$ROOM\": 123}" >"$SB/rooms.json"
}

teardown() {
	end_child "${UML_PID-}"
	common_teardown
}

# on_nfs: boots, does what standard input says, ends.
on_nfs() {
	{
		printf '%s\n' "ROOM=$ROOM" "MEDIA=$MEDIA"
		cat
	} >"$TREE/root/steps"
	LD_PRELOAD=$BUILD/preload-registers.so \
		timeout -k 5 400 linux.uml mem=1G root=hostfs rootfstype=hostfs \
		"rootflags=$TREE" rw init=/root/nfs-guest con=null \
		con0=null,fd:1 con1=null >"$DIR/console" 2>&1 </dev/null 3>&- &
	UML_PID=$!
	wait "$UML_PID" || true
	assert_equal "$(cat "$TREE/root/out/code")" 0 ||
		{ tail -n 60 "$TREE/root/out/said" >&2; return 1; }
}

# What both tests do there.  A sweep leaves alone what is younger than 10 s.
COMMON='
put() {
	mkdir "/srv/recordings/$1"
	cp /root/video.mp4 "/srv/recordings/$1/$MEDIA"
	echo "{\"meeting_url\":\"https://meet.example.org/$ROOM\"}" \
		>"/srv/recordings/$1/metadata.json"
}
faults() {
	printf "%s\n" "$@" >/root/sandbox.d/faults
}
all_done() {
	/root/jibri-finalize status --json /srv/recordings 2>/dev/null |
		jq -e ".recordings | all(.state == \"done\")" >/dev/null
}
export JIBRI_FINALIZE_CONFINE=no # this kernel has no Landlock
export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=20ms
export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=50ms
'

@test "two hosts on one NFS volume, some of their sweeps killed, deliver each recording once and remove it once" {
	on_nfs <<-EOT
		$COMMON
		for i in 1 2 3 4 5 6 7 8 9 10 11 12; do put r\$i; done
		sleep 11
		faults "any * * slow-store 0.05"
		sweeps() {
			local i
			for ((i = 0; i < 30; i++)); do
				host "\$1" /root/jibri-finalize sweep /mnt &
				if ((i == 0)); then
					sleep "\$2"
					kill -KILL \$(cat "/proc/\$!/task/\$!/children") &&
						echo >>/root/out/killed
				fi
				wait \$!
				all_done && return
				sleep 0.2
			done
		}
		sweeps alpha 1 &
		a=\$!
		sweeps beta 1.5 &
		wait \$a \$!
		all_done || return 1
		cp -r /srv/recordings /root/out/
		host alpha mount | grep " /mnt " >/root/out/mount
		# In place, on both hosts at once, and the journal last.
		host alpha /root/jibri-finalize sweep --retention 1s /mnt &
		host beta /root/jibri-finalize sweep --retention 1s /mnt
		wait \$!
		host beta ls -A /mnt >/root/out/left
	EOT
	grep -q 'type nfs4 .*local_lock=none' "$TREE/root/out/mount"
	assert_equal "$(find "$SB/store" -type f | wc -l)" 24
	assert_equal "$(find "$SB/store" -name '*~*' | wc -l)" 0
	assert_equal "$(webhooks | sort -u | wc -l)" 12
	[ -s "$TREE/root/out/killed" ]
	# Both did some of it.
	assert_equal "$(jq -rs 'map(select(.event == "began") | .host) | unique |
		join(" ")' "$TREE"/root/out/recordings/*/.jibri-finalize)" "alpha beta"
	assert_equal "$(cat "$TREE/root/out/left")" ""
}

@test "a host that is cut off loses its recording when its NFS lease ends, and lets go of it when it is back" {
	on_nfs <<-EOT
		$COMMON
		export JIBRI_FINALIZE_ANSWER_TIMEOUT=90s
		put cut
		faults "upload *.mp4 1 stall-answer 60"
		host alpha /root/jibri-finalize /mnt/cut >/root/out/alpha 2>&1 &
		a=\$!
		until grep -q sending /srv/recordings/cut/.jibri-finalize; do
			sleep 0.1
		done
		sleep 1
		host beta /root/jibri-finalize /mnt/cut >/root/out/beta.1 2>&1
		echo \$? >/root/out/beta.1.code
		ip link set alpha down
		for ((i = 0; i < 60; i++)); do
			host beta /root/jibri-finalize /mnt/cut \
				>/root/out/beta.2 2>&1 && break
			sleep 1
		done
		ip link set alpha up
		wait \$a
		echo \$? >/root/out/alpha.code
		cp -r /srv/recordings /root/out/
	EOT
	# While alpha lived, beta left it alone.
	assert_equal "$(cat "$TREE/root/out/beta.1.code")" 75
	grep -q 'on alpha is working on this recording' "$TREE/root/out/beta.1"
	grep -q 'STOPPED acknowledged' "$TREE/root/out/beta.2"
	# Its own process cannot continue.
	((10#$(cat "$TREE/root/out/alpha.code") != 0))
	assert_equal "$(find "$SB/store" -type f | wc -l)" 2
	assert_equal "$(webhooks | grep -c STOPPED)" 1
}
