#!/usr/bin/env bats
# jibri.conf is read as Jibri reads it.  `make check-hocon` compares with the
# library that Jibri uses; scripts/deps hocon installs it.

load lib
HOCON=${BUILD:-$ROOT/build}/hocon
KEY=jibri.recording.finalize-script

setup() {
	common_setup
	P=$DIR/hocon
	cp -r "$BATS_TEST_DIRNAME/hocon/include" "$P"
	export HOCON_SET=/from/env HOCON_EMPTY=
	unset HOCON_UNSET
	# A file for each variant, and the expected result.
	awk -v dir="$P" '/^### / {
		file = substr($2, 1, length($2) - 1)
		sub(/^### [^ ]*: /, "")
		print file "\t" $0 >(dir ".expected")
		print dir "/" file >(dir ".files")
		printf "" >(dir "/" file)
		next
	}
	file {
		gsub(/@DIR@/, dir)
		print >(dir "/" file)
	}' "$BATS_TEST_DIRNAME/hocon/variants"
}

@test "each HOCON variant is read as Jibri's library reads it" {
	(($(wc -l <"$P.files") >= 60))
	xargs -d '\n' "$HOCON" "$KEY" <"$P.files" | cut -f 1,2 >"$P.ours"
	sed 's/\t(\(.*\))$/\t\1/' "$P.expected" | diff - "$P.ours"
}

@test "Jibri's own library confirms what is expected of each variant" {
	local jar=${HOCON_JAR:-/usr/share/java/typesafe-config.jar}
	[ -n "${CHECK_HOCON:-}" ] || skip "make check-hocon"
	xargs -d '\n' java -cp "$jar" "$BATS_TEST_DIRNAME/hocon/Reference.java" \
		"$KEY" <"$P.files" >"$P.theirs" 2>"$P.why"
	paste "$P.expected" "$P.theirs" |
		awk -F '\t' '$2 !~ /^\(/ && ($1 != $3 || $2 != $4)' >"$P.other"
	diff /dev/null "$P.other"
}

# refused WHY: the file "input" is not understood, in little time and memory.
refused() {
	# The sanitizers need more address space.
	local memory=400000
	[ "${SAN:-}" != 1 ] || memory=unlimited
	run -0 bash -c "ulimit -v $memory; ulimit -t 10; exec '$HOCON' '$KEY' '$P/input'"
	[[ $output == *$'\tnot understood\t'*"$1"* ]] || {
		echo "${output:0:200}"
		return 1
	}
}

@test "endless input is soon reported as not understood, in little memory" {
	local n
	for n in '{' 'a{' 'a=[' 'a=[{b=' '${' 'a=${' '"' 'a.' 'a=""a' 'a=${a}'; do
		yes "$n" | tr -d '\n' | head -c 1000000 >"$P/input"
		refused ''
	done
	# Each is a path, or none.
	yes 'a = 1, a { b = 2 }' | head -c 1000000 >"$P/input"
	refused 'too large'
	yes '"a" = [ 1, { b = ${c} } ],' | head -n 30000 >"$P/input"
	run -0 "$HOCON" "$KEY" "$P/input"
	assert_output_has none
	printf '%s\0' 'a = 1' >"$P/input"
	refused ':1: expected the end'
	head -c 1048578 /dev/zero | tr '\0' '#' >"$P/input"
	refused 'File too large'
}

@test "substitutions that grow or form a cycle are not understood" {
	local x
	x=$(printf '%01000d' 0)
	seq 60 | awk '{ v = "${a" $1 - 1 "}"; print "a" $1 " = " v v }' >"$P/many"
	{ cat "$P/many"; echo "$KEY = \${a8}, a0 = $x"; } >"$P/input"
	refused 'a value is too long'
	{ cat "$P/many"; echo "$KEY = \${a40}, a0 = \"\""; } >"$P/input"
	refused 'endless substitutions'
	{ sed 's/\${a[0-9]*}$//' "$P/many"; echo "$KEY = \${a60}, a0 = x"; } \
		>"$P/input"
	refused 'endless substitutions'
	echo "$KEY = \${a}, a = \${b.c}, b = \${d}, d { c = \${a} }" >"$P/input"
	refused 'has no value here'
}

@test "includes that form a cycle, or more than a hundred, are not understood" {
	echo 'include "b.conf"' >"$P/input"
	printf 'include "c.conf"\ninclude "c.conf"\n' >"$P/b.conf"
	printf 'include "b.conf"\ninclude "b.conf"\n' >"$P/c.conf"
	refused 'endless includes'
	: >"$P/c.conf"
	yes 'include "c.conf"' | head -n 120 >"$P/input"
	refused ':100: endless includes'
	mkfifo "$P/fifo.conf"
	echo 'include "fifo.conf"' >"$P/input"
	refused 'fifo.conf'
}

@test "an error names the file and the line, and shows nothing of its content" {
	printf 'a = 1\n\n# "\nb = "secret\nc = 2\n' >"$P/inner.conf"
	printf 'x = 1\ninclude "inner"\n' >"$P/input"
	refused "$P/inner.conf:4: "
	[[ $output != *secret* ]]
}
