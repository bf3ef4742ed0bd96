#!/usr/bin/env bats
# What a sweep costs as the number of finished recordings grows.  The times
# are CPU times, as the machine may have other work.

load lib

setup() {
	common_setup
	TOP=$DIR/recordings
	rmdir "$REC"
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
	# LeakSanitizer reads /proc for seconds.
	[ "${SAN:-}" != 1 ] || skip "the sanitizers have costs of their own"
}

teardown() {
	common_teardown
}

# finished N: N times a hundred finished recordings, copies of one, in roots
# of a hundred.
finished() {
	local i
	rm -rf "$TOP"
	start_sandbox
	another_recording r1
	"$BIN" "$REC" >/dev/null 2>&1
	unstamp
	stop_sandbox
	mkdir -p "$DIR/roots/1"
	rm -rf "$DIR/roots"/*
	mkdir "$DIR/roots/1"
	for ((i = 1; i <= 100; i++)); do cp -al "$REC" "$DIR/roots/1/r$i"; done
	assert_equal "$("$BIN" status "$DIR/roots/1" | tail -n 1)" "100 done"
	local from=1
	for ((i = 2; i <= $1; i++)); do
		# A file has 65,000 links at most (ext4).
		if ((i % 500)); then
			cp -al "$DIR/roots/$from" "$DIR/roots/$i"
		else
			cp -a "$DIR/roots/1" "$DIR/roots/$i"
			from=$i
		fi
	done
}

# cost COMMAND...: sets cpu_ms, the best of five runs.  Its own memory may
# not pass 8 MiB, which root would raise to confine itself.
cost() {
	local i used
	(ulimit -d 8192 && JIBRI_FINALIZE_CONFINE=no "$@" >/dev/null)
	cpu_ms=999999
	for i in 1 2 3 4 5; do
		used=$(TIMEFORMAT='%U %S'
			{ time "$@" >/dev/null; } 2>&1)
		used=$(awk '{ print int(($1 + $2) * 1000) }' <<<"$used")
		((used >= cpu_ms)) || cpu_ms=$used
	done
}

calls() {
	awk -v n="$1" '$NF == n { print $4 }' "$DIR/$2"
}
@test "x" {
	finished 100
	mkdir "$DIR/roots/few"
	cp -al "$DIR"/roots/1/r1 "$DIR/roots/few"
	strace -f -o "$DIR/one" "$BIN" sweep "$DIR/roots/1"
	cp $DIR/one /tmp/one.trace
	cost "$BIN" sweep "$DIR"/roots/*
	echo "# 10000: $cpu_ms" >&3
	TIMEFORMAT="%R %U %S"; time "$BIN" sweep "$DIR"/roots/* 2>/tmp/t
	cp /tmp/t /tmp/tt; 
	ls $DIR/roots | wc -l >&3
	JIBRI_FINALIZE_CONFINE=no cost "$BIN" sweep "$DIR"/roots/*
	echo "# no confine 10000: $cpu_ms" >&3
	rm -rf $DIR/all; mkdir $DIR/all; for i in {1..100}; do for j in $DIR/roots/$i/*; do mv $j $DIR/all/x$i-${j##*/}; done; done
	cost "$BIN" sweep "$DIR"/all
	echo "# one root 10000: $cpu_ms" >&3
	sleep ${PAUSE-0}
	command -v perf && perf record -g -o /tmp/perf.data "$BIN" sweep "$DIR"/all
	true
}
