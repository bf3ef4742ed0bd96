#!/usr/bin/env bats
# Other HTTP stacks, with hard names: nothing is missing, and nothing is stored
# twice.  scripts/deps stacks and `make check-stacks` install them and run this;
# if one is not installed, its test is skipped.

load lib
setup() {
	common_setup
	STACKS=${BUILD:-$ROOT/build}/stacks
	[ -d "$STACKS/node_modules" ] ||
		skip "the stacks are not installed (make check-stacks)"
}

teardown() {
	# It ends with its standard input.
	[ -z "${STACK_PID:-}" ] || exec {STACK_IN}>&-
	[ -z "${STACK_PID:-}" ] || wait "$STACK_PID" || true
	common_teardown
}

NAMES=('a b.txt' ' first.txt' 'last .txt ' 'a"b.txt' "a'b.txt" 'a;b.txt'
	'a,b.txt' 'Q&A.txt' '&lt;x&gt;.txt' 'a%22b.txt' 'b%c3%bcro.txt'
	'100%.txt' '=?utf-8?B?Li4vLi4vZXZpbA==?=' 'Grüße.txt' '会議🎥.txt'
	$'e\u0301.txt' 'a\b.txt' $'a\nb.txt' '%2e%2e%2fevil.txt'
	'a;filename=b.txt' $'\u00a0nbsp.txt' $'zero\u200bwidth.txt'
	'a+b=c#d?e.txt' '<b>[x]{y}`$(id)*|.txt'
	"$(printf '%0251d' 0 | tr 0 x).txt")

# missing NAME: fail with `make check-stacks`, otherwise skip.
missing() {
	[ "${STACKS_WANTED:-}" != 1 ] || { echo "there is no $1" >&2; return 1; }
	skip "there is no $1 (scripts/deps stacks)"
}

# stack PROGRAM COMMAND [ARGUMENT...]: start one, which prints its name and URL.
stack() {
	command -v "$1" >/dev/null || missing "$1"
	shift
	mkdir "$DIR/stack"
	mkfifo "$DIR/in"
	"$@" <"$DIR/in" >"$DIR/said" 2>"$DIR/stack.log" 3>&- &
	STACK_PID=$!
	exec {STACK_IN}>"$DIR/in"
	wait_for grep -q 'http://' "$DIR/said" ||
		{ cat "$DIR/stack.log" >&2; return 1; }
	URL=$(grep -o 'http://.*' "$DIR/said" | head -n 1)
	export FILE_SERVICE_URL=$URL MEETING_SERVICE_URL=$URL
	echo "# met $(sed -n '/ http:.*/s///p' "$DIR/said")" >&3
}

# holds_all: each file is stored once.
holds_all() {
	run_command 0 verify --deep "$REC"
	assert_output_has "$((${#NAMES[@]} + 2)) the same"
}

# delivers: everything is delivered, and a second run sends nothing.
delivers() {
	local i
	recording
	for i in "${!NAMES[@]}"; do
		echo "content $i of ${NAMES[i]}" >"$REC/${NAMES[i]}"
	done
	((${#NAMES[@]} == 25))
	run_finalize 0
	assert_output_has "$((${#NAMES[@]} + 2)) sent now"
	holds_all
	run_command 0 upload "$REC"
	refute_output_has "sent now"
	holds_all
}

@test "multer" { stack node node "$STACKS/multer.mjs"; delivers; }

@test "formidable" { stack node node "$STACKS/formidable.mjs"; delivers; }

@test "Fastify" { stack node node "$STACKS/fastify.mjs"; delivers; }

@test "hapi" { stack node node "$STACKS/hapi.mjs"; delivers; }

@test "Flask" {
	/usr/bin/python3 -c 'import flask' 2>/dev/null || missing Flask
	stack python3 /usr/bin/python3 "$ROOT/tests/stacks/flask_backend.py"
	delivers
}

@test "Django" {
	/usr/bin/python3 -c 'import django' 2>/dev/null || missing Django
	stack python3 /usr/bin/python3 "$ROOT/tests/stacks/django_backend.py"
	delivers
}

@test "PHP" { stack php "$ROOT/tests/stacks/php.bash" "$DIR/stack"; delivers; }

@test "Go" { stack "$STACKS/backend-go" "$STACKS/backend-go"; delivers; }

@test "Rack" { stack ruby ruby "$ROOT/tests/stacks/backend.rb"; delivers; }

@test "Tomcat" {
	local jars=/usr/share/java
	[ -e "$jars/tomcat10-embed-core.jar" ] || missing Tomcat
	stack java java -cp "$(printf '%s:' "$STACKS" \
		"$jars"/{tomcat10-embed-core,jakarta-annotation-api}.jar)" \
		Backend "$DIR/stack"
	delivers
}
