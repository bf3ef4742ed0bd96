#!/usr/bin/env bats
# Failing disks: each call on the journal with each error of a disk, short
# writes, and too many open files.  (A disk that is full or read-only, and files
# that may not be read, are in moving.bats.)

load lib
load points
setup() {
	common_setup
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=100ms
	points_setup
	OPEN=
}

teardown() {
	common_teardown
	[ -z "$OPEN" ] || rm -rf "$OPEN"
}

# calls_on PATH...: "NAME ORDINAL" of each call that a run makes on it, as
# strace counts them.
calls_on() {
	local paths=() path
	for path; do paths+=(-P "$path"); done
	exits 0 strace -f -qq -o "$DIR/trace" "${paths[@]}" "$BIN" "$REC"
	awk '$2 ~ /^[a-z0-9_]+\(/ {
		sub(/\(.*/, "", $2)
		print $2, ++n[$2]
	}' "$DIR/trace"
}

# with_fault CODES NAME ERROR WHEN PATH...: a run in which that call fails.
with_fault() {
	local codes=$1 name=$2 error=$3 when=$4 paths=() path
	shift 4
	for path; do paths+=(-P "$path"); done
	exits "$codes" strace -f -qq -o "$DIR/trace" "${paths[@]}" \
		-e trace="$name" -e inject="$name:error=$error:when=$when" \
		"$BIN" "$REC"
	is_reached=0
	! grep -q INJECTED "$DIR/trace" || is_reached=1
	reached=$((reached + is_reached))
}

warnings() {
	grep -c "the journal cannot be written" "$DIR/log" || true
}

# The calls of `calls_on` that put something on the disk.
writing() {
	grep -E '^(write|fdatasync|fsync|ftruncate|openat) '
}

# resumable: the recording is delivered, its journal torn before it says all.
resumable() {
	local size
	exits 0 "$BIN" "$REC"
	size=$(stat -c %s "$REC/.jibri-finalize")
	size=$((size * 65 / 100))
	truncate -s "$size" "$REC/.jibri-finalize"
	# Not at the end of a line.
	[ -n "$(tail -c 1 "$REC/.jibri-finalize")" ] ||
		truncate -s $((size - 2)) "$REC/.jibri-finalize"
	: >"$SB/requests.jsonl"
}

# unwritten UPLOADS NAME ERROR WHEN: the law for a failing write of the journal.
unwritten() {
	local uploads=$1 name=$2 error=$3 when=$4
	local paths=("$REC/.jibri-finalize" .jibri-finalize)
	[ "$name" != fsync ] || paths=("$REC")
	with_fault 0 "$name" "$error" "$when" "${paths[@]}"
	holds is_delivered
	case $error,$name in
	EINTR,write | EINTR,openat) holds [ "$(warnings)" = 0 ] ;;
	EINTR,*) holds [ "$(warnings)" -le 1 ] ;;
	*) holds [ "$(warnings)" = "$is_reached" ] ;;
	esac
	settles
	holds [ "$(came upload)" = "$uploads" ]
}

# each_error NAME ORDINAL COMMAND...: with each error; in the everyday run with
# one of the three for a bad or full disk, in turn.
each_error() {
	local errors=(EIO ENOSPC EDQUOT) error name=$1 n=$2
	shift 2
	is_long || errors=("${errors[points / 2 % 3]}")
	for error in "${errors[@]}" EINTR; do
		"$@" "$name" "$error" "$n"
	done
}

fresh_point() {
	point "fresh-$1-$2-$3"
	unwritten 3 "$@"
}

resumed_point() {
	point "resumed-$1-$2-$3"
	resumable
	unwritten 0 "$@"
}

# bats test_tags=slow
@test "whatever write of the journal fails, the recording is delivered once, with one warning" {
	local name n error reached=0
	needs_strace
	point recorded
	{
		calls_on "$REC/.jibri-finalize" .jibri-finalize
		echo fsync 1
	} | writing | some 3 >"$DIR/calls"
	points=0
	while read -r name n; do
		each_error "$name" "$n" fresh_point
	done <"$DIR/calls"
	# It cannot be opened for reading either.
	for error in EIO ENOSPC EACCES EMFILE; do
		fresh_point openat "$error" 1+
	done
	announced_once 2 2
	never_failed
	say "$points points of $(wc -l <"$DIR/calls") calls, $reached reached"
	# Answers sometimes coincide, which makes one write less or more.
	((points > 10 && reached * 10 >= points * 7))
}

# bats test_tags=slow
@test "whatever fails while a torn journal is repaired, nothing is sent again" {
	local name n reached=0
	needs_strace
	point recorded
	resumable
	calls_on "$REC/.jibri-finalize" .jibri-finalize | writing >"$DIR/all"
	grep -q ftruncate "$DIR/all"
	some 3 <"$DIR/all" >"$DIR/calls"
	points=0
	while read -r name n; do
		each_error "$name" "$n" resumed_point
	done <"$DIR/calls"
	announced_once 3 3                   # and one before it was torn
	never_failed
	say "$points points of $(wc -l <"$DIR/calls") calls, $reached reached"
	((points > 5 && reached * 5 >= points * 4))
}

# Nothing is done before the journal can be read; an interrupted call does not
# count as a failure.  (lseek() cannot fail here.)
# bats test_tags=slow
@test "a journal that cannot be examined, locked or read stops the run and does no harm" {
	local name n error errors=(EIO EINTR) reached=0
	is_long && errors+=(ESTALE ENOLCK)
	needs_strace
	point recorded
	resumable
	calls_on "$REC/.jibri-finalize" .jibri-finalize >"$DIR/all"
	# Calls after the journal was read belong to the scan.
	sed -n '1,/^lseek/p' "$DIR/all" |
		grep -E '^(newfstatat|fstat|fcntl|pread64) ' >"$DIR/calls"
	grep -q pread64 "$DIR/calls"
	points=0
	while read -r name n; do
		for error in "${errors[@]}"; do
			point "unread-$name-$error-$n"
			resumable
			with_fault "0 75" "$name" "$error" "$n" \
				"$REC/.jibri-finalize" .jibri-finalize
			holds is_delivered
			if [ "$rc" = 75 ]; then
				holds [ "$(came any)" = 0 ]
				holds grep -q ": error: .*jibri-final" "$DIR/log"
				holds [ "$name $error" != "pread64 EINTR" ]
			fi
			settles
			holds [ "$(came upload)" = 0 ]
		done
	done <"$DIR/calls"
	announced_once 2 2
	never_failed
	say "$points points of $(wc -l <"$DIR/calls") calls, $reached reached"
	((points > 10 && reached == points))
}

# bats test_tags=slow
@test "a journal that the scan cannot examine is not an artifact, and not a reason to fail" {
	local n reached=0
	needs_strace
	point recorded
	calls_on "$REC/.jibri-finalize" .jibri-finalize |
		sed '1,/^lseek/d' | grep newfstatat >"$DIR/calls" || true
	points=0
	while read -r _ n; do
		point "scan-$n"
		with_fault 0 newfstatat EIO "$n" \
			"$REC/.jibri-finalize" .jibri-finalize
		holds is_delivered
		settles
	done <"$DIR/calls"
	never_failed
	say "$points points, $reached reached"
	# How often it is examined depends on which answers coincide.
	((points > 2 && reached * 2 >= points))
}

@test "a journal that keeps being replaced does not keep the run going forever" {
	local reached=0
	needs_strace
	point unstable
	# Of each round: the file that was opened, twice, and its name.
	with_fault "0 75" newfstatat ESTALE 3+3 \
		"$REC/.jibri-finalize" .jibri-finalize
	settles
	announced_once
}

# bats test_tags=slow
@test "short writes lose and double nothing" {
	local n torn=0 shim=${BUILD:-$ROOT/build}/preload-shortwrite.so
	point short
	exits 0 env LD_PRELOAD="$shim" "$BIN" "$REC"
	holds is_delivered
	holds [ "$(warnings)" = 0 ]
	# As many lines as usual, so both halves of each were written.
	holds [ "$(journal | tail -n 2 | xargs)" = "announced counted" ]
	settles
	for ((n = 1; n <= 14; n++)); do
		point "full-at-$n"
		exits 0 env LD_PRELOAD="$shim" SHORTWRITE_FULL_AT="$n" \
			"$BIN" "$REC"
		holds is_delivered
		holds [ "$(warnings)" = 1 ]
		[ -z "$(tail -c 1 "$REC/.jibri-finalize")" ] ||
			torn=$((torn + 1))
		settles
		holds [ "$(came upload)" = 3 ]
	done
	announced_once 2 2
	never_failed
	say "$points points, $torn torn lines"
	((torn > 10))
}

# fails_alike: it ends with a temporary failure or with success, and the next
# run completes it.
fails_alike() {
	[ "$rc" != 0 ] || holds is_delivered
	settles
	holds [ "$(came upload)" -le 3 ]
}

# bats test_tags=slow
@test "with too many open files nothing is lost, nothing doubled, nothing held" {
	local n complete=0 began=0
	for ((n = 3; n <= 28; n++)); do
		point "files-$n"
		# Below four the loader fails before the program starts.
		exits "0 75 127" bash -c 'ulimit -n "$1"; exec "$2" "$3"' \
			bash "$n" "$BIN" "$REC"
		[ "$rc" != 127 ] || holds [ ! -e "$REC/.jibri-finalize" ]
		[ "$rc" = 127 ] || began=$((began + 1))
		[ "$rc" != 0 ] || complete=$((complete + 1))
		fails_alike
	done
	announced_once
	say "$points points: $began began, $complete were complete"
	((complete > 5 && began - complete > 3))
}

# bats test_tags=slow
@test "one failed open at any moment is a temporary error" {
	local name n reached=0 complete=0
	needs_strace
	point recorded
	exits 0 strace -f -qq -o "$DIR/trace" \
		-e trace=openat,openat2,socket,socketpair,pipe2 "$BIN" "$REC"
	# Descriptors before stop.c's pipe are the loader's.
	awk '{
		sub(/\(.*/, "", $2)
		n[$2]++
		ours = ours || $2 == "pipe2"
		if (ours)
			print $2, n[$2]
	}' "$DIR/trace" | some 3 >"$DIR/calls"
	points=0
	while read -r name n; do
		point "$name-$n"
		with_fault "0 75" "$name" EMFILE "$n"
		[ "$rc" != 0 ] || complete=$((complete + 1))
		fails_alike
	done <"$DIR/calls"
	announced_once 2 2                   # one without a journal
	say "$points points, $reached reached: $complete were complete"
	((points > 5 && reached * 5 >= points * 4))
}

@test "an artifact that could not be opened for lack of descriptors is opened again by the same run" {
	local error reached=0
	needs_strace
	for error in EMFILE ENFILE EIO; do
		point "opened-$error"
		with_fault 0 openat2 "$error" 1 "$REC/a.txt" a.txt
		holds is_delivered
	done
	((reached == 3))
	never_failed
}

@test "a libmagic database that cannot be opened causes one warning, and none from libmagic" {
	local mgc reached=0
	needs_strace
	mgc=$(readlink -f /usr/share/misc/magic.mgc)
	point types
	# Its name and its first bytes give different types.
	cp "$REC/a.txt" "$REC/a.bin"
	with_fault 0 openat EMFILE 1+ "$mgc" /usr/share/misc/magic.mgc
	holds is_delivered
	((reached == 1))
	holds grep -q "warning: cannot load libmagic's database" "$DIR/log"
	run ! grep -Ev "^($SESSION|strace): " "$DIR/log"
}

# Permissions do not bind root, and its files are not another's to read.
@test "a user who may not write to the directory delivers and warns once" {
	local as=()
	OPEN=$(mktemp -d)
	chmod 755 "$OPEN"
	point others
	REC=$OPEN/$SESSION
	mv "$DIR/recordings/$SESSION" "$REC"
	chmod 555 "$REC"
	install -m 755 "$BIN" "$OPEN/program"
	if [ "$(id -u)" = 0 ]; then
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
		"${as[@]}" "$OPEN/program" --version >/dev/null 2>&1 ||
			skip "may not become another user"
	fi
	exits 0 "${as[@]}" "$OPEN/program" "$REC"
	holds is_delivered
	holds [ "$(warnings)" = 1 ]
	exits 0 "${as[@]}" "$OPEN/program" "$REC"
	holds [ "$(came upload)" = 3 ]
	holds is_delivered
	# A user without write permission reads another user's journal.
	chmod 755 "$REC"
	settles
	chmod 644 "$REC/.jibri-finalize"
	chmod 555 "$REC"
	: >"$SB/requests.jsonl"
	exits 0 "${as[@]}" "$OPEN/program" "$REC"
	holds [ "$(came any)" = 0 ]
	chmod 755 "$REC"
	announced_once 3 3                   # two without a journal
	say "4 points"
}
