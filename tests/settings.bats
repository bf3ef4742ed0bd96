#!/usr/bin/env bats
# Settings: one table, four places to set them, and no secret shown.

load lib
setup() {
	common_setup
	unset_all
	unset FILE_SERVICE_URL MEETING_SERVICE_URL
	CONF=$DIR/finalize.conf
	: >"$CONF"
	export JIBRI_FINALIZE_CONFIG=$CONF
}
teardown() { common_teardown; }

# show NAME [ARGUMENT...]: "VALUE (ORIGIN)" as config --json has it.
show() {
	local name=$1
	shift
	ends 0 config --json "$@" || return 1
	jq -r --arg n "$name" '.settings[] | select(.name == $n) |
		.value + " (" + .origin + ")"' <<<"$output"
}

# ends CODE ARGUMENT...: sets output.  Through a file, as output to a pipe is
# delayed.
ends() {
	local want=$1 rc=0
	shift
	"$BIN" "$@" >"$DIR/output" 2>&1 || rc=$?
	output=$(<"$DIR/output")
	assert_equal "$rc" "$want"
}

# Every setting that is not a secret, and every secret.
plain_names() {
	"$BIN" config --json | jq -r '.settings[].name' | grep -vxF -f <(secret_names)
}

secret_names() {
	printf '%s\n' webhook-secret webhook-secret-previous token \
		file-service-token meeting-service-token \
		oauth-client-secret tls-key-password proxy-auth \
		s3-secret-key s3-session-token
}

# others: a line "NAME VALUE" for each plain setting, found once.
others() {
	local name all=$BATS_FILE_TMPDIR/others
	if [ ! -e "$all" ]; then
		for name in $(plain_names); do
			echo "$name $(another "$name")"
		done >"$all"
	fi
	cat "$all"
}

# shown [ARGUMENT...]: "NAME VALUE (ORIGIN)" of each plain setting.
shown() {
	# The store s3 requires it.
	JIBRI_FINALIZE_S3_SECRET_KEY=x ends 0 config --json "$@" || return 1
	jq -r '.settings[] | .name + " " + .value + " (" + .origin + ")"' \
		<<<"$output" | grep -vE "^($(secret_names | paste -sd '|')) "
}

# another NAME: a valid value that is not the default.
another() {
	case $1 in
	store) echo s3 ;;
	s3-addressing) echo host ;;
	s3-part-size) echo 16M ;;
	s3-key) echo '{tenant}/{session}/{path}' ;;
	webhook-auth) echo secret,standard ;;
	failed-webhook) echo never ;;
	room-format) echo '{room}@{tenant}' ;;
	room-from-media | expect-continue) echo no ;;
	meeting-id-keys | redact) echo /a/b,/c~1d ;;
	parallel | tries) echo 7 ;;
	retry-* | deadline | *-timeout | settle | sweep-* | give-up | \
		splay | max-time) echo 1234ms ;;
	retention) echo 3d ;;
	retention-verify) echo deep ;;
	min-free) echo 12% ;;
	jobs | unpack-ratio) echo 3 ;;
	defer) echo yes ;;
	limit-rate | live-limit-rate) echo 512k ;;
	checksum) echo none ;;
	log-format) echo json ;;
	log-level) echo warning ;;
	log-file | metrics-file) echo "$BATS_FILE_TMPDIR/log" ;;
	*-url) echo https://other.example.org/with/path/ ;;
	ca-file | tls-cert | tls-key) echo /dev/null ;;
	tls-pin) echo "sha256//$(printf 'A%.0s' {1..43})=" ;;
	require-tls | strict-permissions) echo yes ;;
	*) probe "$1" ;;
	esac
}

# probe NAME: a valid value that is not the default, whatever is configured.
probe() {
	local value before
	before=$(env -i "$BIN" config --json --config /dev/null)
	for value in 1234ms 7 no yes never json any 10% "another $1"; do
		{ env -i "$BIN" config --json --config /dev/null \
			"--$1=$value" 2>/dev/null || echo '{"settings": []}'; } |
			jq -e --arg n "$1" --arg v "$value" --argjson b "$before" '
			(.settings[] | select(.name == $n) | .value) == $v and
			($b.settings[] | select(.name == $n) | .value) != $v
			' >/dev/null && break
	done
	echo "$value"
}

variable() {
	echo "JIBRI_FINALIZE_$(tr a-z- A-Z_ <<<"$1")"
}

# --- every row of the table --------------------------------------------------

@test "the settings have the defaults of the contract and of the old script" {
	assert_equal "$(show file-service-url)" \
		"http://file-service:2027 (default)"
	assert_equal "$(show meeting-service-url)" \
		"http://meeting-service:2031 (default)"
	assert_equal "$(show webhook-secret)" " (default)"
	local name want
	while read -r name want; do
		assert_equal "$(show "$name")" "$want (default)"
	done <<-'END'
		base-path /
		room-format [{tenant}]{room}
		room-from-media yes
		meeting-id-keys
		redact /upload_credentials
		exclude .*,*.part,*.tmp,*~,#*#,*.bak,*.orig,*.swo,*.swp,.*.??????
		parallel 4
		checksum sha256
		tries 5
		retry-delay 2s
		retry-delay-max 1m
		retry-for 2m
		deadline 6h
		connect-timeout 20s
		stall-timeout 1m
		answer-timeout 1m
		failed-webhook at-once
		webhook-auth secret,signature,standard
		log-format text
		log-level info
	END
}

# bats test_tags=slow
@test "every setting can be set in the file, and config says so" {
	unset JIBRI_FINALIZE_CONFINE
	others | sed 's/ / = /' >"$CONF"
	(($(wc -l <"$CONF") >= 25))
	diff <(shown) <(others | awk -v f="$CONF" '{ print $0, "(" f ":" NR ")" }')
}

# bats test_tags=slow
@test "every setting can be set by its variable, and config says so" {
	local name value
	others >"$DIR/wanted"
	while read -r name value; do
		export "$(variable "$name")=$value"
	done <"$DIR/wanted"
	diff <(shown) <(while read -r name value; do
		echo "$name $value ($(variable "$name"))"
	done <"$DIR/wanted")
}

@test "every setting can be set by its flag, and config says so" {
	local flags
	mapfile -t flags < <(others | sed 's/^/--/; s/ /=/')
	diff <(shown "${flags[@]}") <(others | sed -E 's/^([^ ]*) .*/& (--\1)/')
	assert_equal "$(show parallel --parallel 9)" "9 (--parallel)"
	assert_equal "$(show expect-continue --expect-continue)" \
		"yes (--expect-continue)"
}

@test "config without --json shows the same names and values" {
	"$BIN" config >"$DIR/text"
	"$BIN" config --json | jq -r '.settings[] | .name + " " +
		(if .value == "" then "-" else .value end) + " " + .origin' |
		diff - <(tr -s ' ' <"$DIR/text")
}

@test "the sample with every setting uncommented changes nothing" {
	unset JIBRI_FINALIZE_CONFINE
	"$BIN" config --sample >"$DIR/sample"
	diff <(grep -v '^# ' "$DIR/sample" | sed -n 's/^#\([^ ]*\) =.*/\1/p') \
		<("$BIN" config --json | jq -r '.settings[].name')
	sed 's/^#\([a-z]\)/\1/' "$DIR/sample" >"$DIR/copy"
	diff <("$BIN" config --json | jq '.settings | map(del(.origin))') \
		<("$BIN" config --json --config "$DIR/copy" |
			jq '.settings | map(del(.origin))')
	"$BIN" config --json --config "$DIR/copy" |
		jq -e --arg f "$DIR/copy:" '.settings | all(.origin | startswith($f))'

	# The sample has only comments, within 80 columns.
	run -0 "$BIN" config --json --config "$DIR/sample"
	refute_output_has "$DIR/sample"
	run grep -vE '^(#.{0,79})?$' "$DIR/sample"
	assert_equal "$output" ""
}

@test "the sample is printed whatever is configured" {
	echo nonsense >"$DIR/bad"
	run -0 "$BIN" config --sample --config "$DIR/bad"
	assert_output_has '#file-service-url = '
}

@test "the output of config is a file that gives the same configuration" {
	others | sed 's/ /=/' >"$CONF"
	"$BIN" config --json | jq -r '.settings[] | .name + " = " + .value' |
		grep -vE "^($(secret_names | paste -sd '|')) =" >"$DIR/copy"
	diff <("$BIN" config --json | jq '.settings | map(del(.origin))') \
		<("$BIN" config --json --config "$DIR/copy" |
			jq '.settings | map(del(.origin))')
}

# --- secrets -----------------------------------------------------------------

# bats test_tags=slow
@test "a secret comes from key, variable, their -file forms and systemd, and is masked" {
	local name var
	echo s3cret-value >"$DIR/secret"
	mkdir "$DIR/credentials"
	for name in $(secret_names); do
		var=$(variable "$name")
		echo "$name = s3cret-value" >"$CONF"
		assert_equal "$(show "$name")" "(set) ($CONF:1)"
		echo "$name-file = $DIR/secret" >"$CONF"
		assert_equal "$(show "$name")" "(set) ($CONF:1 ($DIR/secret))"
		: >"$CONF"
		assert_equal "$(export "$var=s3cret-value"; show "$name")" \
			"(set) ($var)"
		assert_equal "$(export "${var}_FILE=$DIR/secret"; show "$name")" \
			"(set) (${var}_FILE ($DIR/secret))"
		assert_equal "$(show "$name" "--$name-file" "$DIR/secret")" \
			"(set) (--$name-file ($DIR/secret))"
		echo s3cret-value >"$DIR/credentials/$name"
		[[ $(CREDENTIALS_DIRECTORY=$DIR/credentials show "$name") == \
			"(set) ("*"$DIR/credentials/$name)"* ]]
	done
}

@test "a secret from a file is used without the newline at its end" {
	start_sandbox
	recording
	unset WEBHOOK_SECRET
	printf '%s\r\n' "$CANARY" >"$DIR/secret"
	run_finalize 0 --webhook-secret-file "$DIR/secret"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "systemd's credential is used for the webhook and as bearer for both services" {
	start_sandbox --token t0ken
	recording
	unset WEBHOOK_SECRET
	mkdir "$DIR/credentials"
	echo "$CANARY" >"$DIR/credentials/webhook-secret"
	echo t0ken >"$DIR/credentials/token"
	CREDENTIALS_DIRECTORY=$DIR/credentials run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
}

@test "a secret is never a flag, and the message does not repeat it" {
	local name
	for name in $(secret_names); do
		ends 64 config "--$name" hush-hush
		refute_output_has hush-hush
		ends 64 config "--$name=hush-hush"
		assert_output_has "--$name-file"
		refute_output_has hush-hush
	done
}

@test "no output shows a secret, not even an invalid one" {
	export JIBRI_FINALIZE_TOKEN=hush-1 WEBHOOK_SECRET=hush-2
	echo "webhook-secret-previous = hush-3" >"$CONF"
	ends 0 config
	refute_output_has hush-
	ends 0 config --json
	refute_output_has hush-
	JIBRI_FINALIZE_TOKEN=$'hush-4\nX-Evil: 1' ends 78 config
	refute_output_has hush-
	assert_output_has token
	printf 'hush-5\0more' >"$DIR/secret"
	ends 78 config --token-file "$DIR/secret"
	refute_output_has hush-
	echo 'webhook-secrets = hush-6' >"$CONF"
	ends 78 config
	refute_output_has hush-
	echo 'webhook-secret hush-7' >"$CONF"
	ends 78 config
	refute_output_has hush-
}

@test "a missing secret file is a configuration error that names it" {
	ends 78 config --token-file "$DIR/none"
	assert_output_has "$DIR/none"
	JIBRI_FINALIZE_TOKEN_FILE=$DIR/none ends 78 config
	assert_output_has JIBRI_FINALIZE_TOKEN_FILE
	echo "token-file = $DIR/none" >"$CONF"
	ends 78 config
	assert_output_has "$CONF:1"
}

# --- which one wins ----------------------------------------------------------

@test "a flag overrides the environment, which overrides the file, which overrides the default" {
	assert_equal "$(show tries)" "5 (default)"
	echo "tries = 6" >"$CONF"
	assert_equal "$(show tries)" "6 ($CONF:1)"
	export JIBRI_FINALIZE_TRIES=7
	assert_equal "$(show tries)" "7 (JIBRI_FINALIZE_TRIES)"
	assert_equal "$(show tries --tries 8)" "8 (--tries)"
	assert_equal "$(show tries --tries 8 --tries 9)" "9 (--tries)"
}

@test "file and environment override systemd's credential" {
	mkdir "$DIR/credentials"
	echo one >"$DIR/credentials/token"
	export CREDENTIALS_DIRECTORY=$DIR/credentials
	echo "token = two" >"$CONF"
	assert_equal "$(show token)" "(set) ($CONF:1)"
	JIBRI_FINALIZE_TOKEN=three
	export JIBRI_FINALIZE_TOKEN
	assert_equal "$(show token)" "(set) (JIBRI_FINALIZE_TOKEN)"
}

@test "the old script's variables work, and the new names override them" {
	local old new
	while read -r old new; do
		export "$old=https://old.example.org"
		[[ $(show "$new") == *" ($old)" ]]
		echo "$new = https://file.example.org" >"$CONF"
		[[ $(show "$new") == *" ($old)" ]]
		export "$(variable "$new")=https://new.example.org"
		[[ $(show "$new") == *" ($(variable "$new"))" ]]
	done <<-'END'
		FILE_SERVICE_URL file-service-url
		MEETING_SERVICE_URL meeting-service-url
		WEBHOOK_SECRET webhook-secret
	END
}

@test "a new name's file overrides the old script's variable" {
	echo secret >"$DIR/secret"
	export WEBHOOK_SECRET=old JIBRI_FINALIZE_WEBHOOK_SECRET_FILE=$DIR/secret
	assert_equal "$(show webhook-secret)" \
		"(set) (JIBRI_FINALIZE_WEBHOOK_SECRET_FILE ($DIR/secret))"
}

# bats test_tags=slow
@test "an empty variable counts as unset, whatever its setting" {
	local name
	echo "tries = 6" >"$CONF"
	export FILE_SERVICE_URL='' MEETING_SERVICE_URL='' WEBHOOK_SECRET=''
	export JIBRI_FINALIZE_TOKEN_FILE='' CREDENTIALS_DIRECTORY=''
	for name in $(plain_names) $(secret_names); do
		export "$(variable "$name")="
	done
	"$BIN" config --json >"$DIR/all"
	assert_equal "$(jq -r '.settings[] | select(.origin != "default") | .name' \
		"$DIR/all")" tries
}

@test "an unknown variable is ignored" {
	export JIBRI_FINALIZE_RECORDING_SCRIPT_PATH=/x JIBRI_FINALIZE_=1
	export JIBRI_FINALIZE_TRIES_FILE=/none JIBRI_FINALIZE_TRIE=x
	ends 0 config
	refute_output_has SCRIPT_PATH
	assert_equal "$(show tries)" "5 (default)"
}

# --- the file ----------------------------------------------------------------

@test "the file may have comments, blanks, CR LF and no newline at its end" {
	printf '# comment\n\n \t\r\n  tries\t=  6  \r\n;x' >"$CONF"
	ends 78 config
	assert_output_has "$CONF:5"
	printf '# comment\n\n \t\r\n  tries\t=  6  \r\n  # x = y\nbase-path=/a = b' \
		>"$CONF"
	assert_equal "$(show tries)" "6 ($CONF:4)"
	assert_equal "$(show base-path)" "/a = b ($CONF:6)"
}

@test "an unknown key is an error with file and line" {
	local line
	for line in 'no-such-setting = 1' 'Tries = 1' 'tries-file = /x' \
		'retry_delay = 1s' 'try = 1' 'config = /x' 'force = yes' \
		' = 5' 'tries' '[section]'; do
		printf '\n%s\n' "$line" >"$CONF"
		ends 78 config
		assert_output_has "$CONF:2"
	done
}

@test "a key that occurs twice is an error with file and line" {
	printf 'tries = 1\ntries = 2\n' >"$CONF"
	ends 78 config
	assert_output_has "$CONF:2"
	assert_output_has tries
}

@test "--config overrides JIBRI_FINALIZE_CONFIG, and /dev/null is an empty file" {
	echo "tries = 6" >"$CONF"
	echo "tries = 7" >"$DIR/other"
	assert_equal "$(show tries)" "6 ($CONF:1)"
	assert_equal "$(show tries --config "$DIR/other")" "7 ($DIR/other:1)"
	assert_equal "$(show tries --config=/dev/null)" "5 (default)"
}

@test "a missing configuration file is an error that names it" {
	ends 78 config --config "$DIR/none"
	assert_output_has "$DIR/none"
	JIBRI_FINALIZE_CONFIG=$DIR/none2 ends 78 config
	assert_output_has "$DIR/none2"
	ends 78 config --config "$DIR"
	printf 'tries = 1\0' >"$CONF"
	ends 78 config
}

@test "with a bad configuration nothing is sent and nothing written" {
	start_sandbox
	recording
	echo "tries = none" >"$CONF"
	run_finalize 78
	assert_equal "$(requests)" 0
	[ ! -e "$REC/.jibri-finalize" ]
}

# --- bad values --------------------------------------------------------------

# bats test_tags=slow
@test "an invalid value is refused with its setting and origin" {
	local name value
	while read -r name value; do
		echo "$name = $value" >"$CONF"
		ends 78 config
		assert_output_has "$CONF:1: "
		assert_output_has "$name: '$value'"
		: >"$CONF"
		(export "$(variable "$name")=$value"; ends 78 config)
		output=$(<"$DIR/output")
		assert_output_has "$(variable "$name")"
		assert_output_has "'$value'"
		ends 64 config "--$name=$value"
		assert_output_has "--$name: '$value'"
	done <<-'END'
		retry-delay 2
		retry-delay 2 s
		retry-delay -2s
		retry-delay 1.5s
		retry-delay 2S
		retry-delay 99999999999999999999s
		retry-delay 9223372036854775807d
		deadline never
		deadline 9223372036854775807ms
		parallel 0
		parallel 65
		parallel 4x
		parallel +4
		tries 0
		tries five
		room-from-media maybe
		failed-webhook later
		log-format xml
		log-level loud
		webhook-auth secret,none
		room-format {tenant}
		redact upload_credentials
		meeting-id-keys a/b
	END
}

@test "an empty list of signatures is refused, an empty list of names is allowed" {
	echo "webhook-auth =" >"$CONF"
	ends 78 config
	echo "exclude =" >"$CONF"
	assert_equal "$(show exclude)" " ($CONF:1)"
	echo "exclude = , a ,, b," >"$CONF"
	assert_equal "$(show exclude)" "a,b ($CONF:1)"
}

@test "times and booleans may be written in every documented form" {
	local text want
	while read -r text want; do
		assert_equal "$(show deadline --deadline "$text")" \
			"$want (--deadline)"
	done <<-'END'
		250ms 250ms
		2s 2s
		15m 15m
		1h 1h
		7d 7d
		60s 1m
		48h 2d
		0s 0ms
	END
	for text in no false off 0; do
		[[ $(show expect-continue "--expect-continue=$text") == no* ]]
	done
	for text in yes true on 1; do
		[[ $(show expect-continue "--expect-continue=$text") == yes* ]]
	done
}

@test "an invalid service URL is a configuration error, and nothing is sent" {
	start_sandbox
	recording
	local url
	for url in file-service:2027 ftp://x/ http:// 'http://x/?a=b' 'http://x/#y' \
		http://user:hush@x/ '/path' 'http://x y/'; do
		run_finalize 78 --file-service-url "$url"
		assert_output_has file-service-url
		refute_output_has hush
	done
	run_finalize 78 --meeting-service-url none
	assert_output_has meeting-service-url
	assert_equal "$(requests upload) $(requests lookup)" "0 0"
}

# --- the command line --------------------------------------------------------

@test "an unknown flag is a usage error that names it" {
	local flag
	for flag in --no-such -x --triess --tries-file=/x --no-force -qz -; do
		ends 64 config "$flag"
		assert_output_has "${flag%%=*}"
	done
}

@test "a flag is never abbreviated" {
	local flag
	for flag in --tri=1 --parall=1 --js --conf=/dev/null --ver --he \
		--webhook-secret-fil=/x; do
		ends 64 config "$flag"
		assert_output_has "unknown flag"
	done
}

@test "yes or no after a flag is never taken as the room" {
	local word
	start_sandbox
	rooms "{\"$ROOM\": 123, \"off\": 1, \"0\": 2, \"No\": 3, \"no\": 4, \"TRUE\": 5}"
	recording
	for word in no off Off 0 No FALSE; do
		run_finalize 64 --confine "$word"
		assert_output_has "write --confine=no"
	done
	run_finalize 64 --require-tls TRUE
	assert_output_has "write --require-tls=yes"
	for word in no 0 Off yes; do
		run_finalize 64 --quiet "$word"
		run_finalize 64 -v "$word"
		assert_output_has "write --verbose; if "
	done
	assert_equal "$(requests)" 0
	assert_equal "$(show locking --locking)" "yes (--locking)"
	assert_equal "$(show locking --locking=no)" "no (--locking)"
	# Any other word is, and so is yes before the flag.
	run_finalize 0 --quiet "$ROOM"
	run_finalize 0 off --force
	[ -e "$SB/store/off/$SESSION/$MEDIA" ]
}

@test "a flag without its value, or with one it does not take, is a usage error" {
	ends 64 config --tries
	assert_output_has "--tries"
	ends 64 config --config
	ends 64 config --json=yes
	ends 64 "$REC" --force=no
	ends 64 config --force
}

@test "flags may stand anywhere, and -- ends them" {
	start_sandbox
	recording
	ends 0 --tries 1 "$REC" --parallel=2 "$ROOM" --json
	ends 66 -- "--json/"
	ends 0 finalize --json -- "$REC"
}

@test "short flags can be combined, and the last may have a value" {
	start_sandbox
	recording
	assert_equal "$(show log-level -qv)" "debug (--log-level)"
	assert_equal "$(show log-level -vvvvvvvv --log-level info)" \
		"info (--log-level)"
	ends 0 -qn "$REC"
	assert_output_has "dry run"
	ends 64 "$REC" -nqx
	assert_output_has "unknown flag -nqx: -x"
	ends 64 "$REC" -nq=yes
	assert_output_has "--quiet takes no value"
	ends 64 pack "$REC" -qo
	assert_output_has "--output needs a value"
	assert_equal "$(requests upload)" 0
	ends 0 pack "$REC" -qo "$DIR/1.tar"
	ends 0 pack "$REC" "-qo$DIR/2.tar"
	ends 0 pack "$REC" "-qo=$DIR/3.tar"
	ls "$DIR/1.tar" "$DIR/2.tar" "$DIR/3.tar"
}

@test "an unknown word is a usage error, a missing path exits 66" {
	cd "$DIR"
	ends 64 frobnicate
	assert_output_has frobnicate
	ends 64 ""
	ends 66 ./frobnicate
	ends 66 /no/such/directory
	assert_output_has /no/such/directory
	ends 66 finalize frobnicate
	touch file
	ends 66 ./file
	ends 64 file
}

@test "a directory's name without a slash is taken as Jibri's call" {
	start_sandbox
	recording
	cd "$DIR/recordings"
	ends 0 "$SESSION"
	is_stored metadata.json "$MEDIA"
}

@test "too few and too many words are usage errors" {
	ends 64
	ends 64 "$REC" "$ROOM" "$SESSION" more
	ends 64 finalize
	ends 64 config more
	[ ! -e "$REC/.jibri-finalize" ]
}

@test "--help --all names every setting, and --help works in any position" {
	local name
	run -0 --separate-stderr "$BIN" --help --all
	assert_equal "$stderr" ""
	"$BIN" --help --all >"$DIR/help"
	for name in $(plain_names); do
		grep -q -- "--$name\b" "$DIR/help"
	done
	for name in $(secret_names); do
		grep -q -- "--$name-file FILE" "$DIR/help"
	done
	diff <("$BIN" --help) <("$BIN" "$REC" --help)
	diff <("$BIN" --help) <("$BIN" -qh --no-webhook)
}

@test "--version prints program, version and libraries, and does nothing else" {
	run -0 --separate-stderr "$BIN" --version "$REC"
	local v='[0-9]+(\.[0-9]+)+'
	[[ ${lines[0]} = "jibri-finalize $(sed -n '1s/.*(\([^)]*\)).*/\1/p' \
		"$ROOT/packaging/debian/changelog")" ]]
	run -1 grep -E '.{81}' <("$BIN" --version)
	run -0 --separate-stderr "$BIN" --version "$REC"
	[[ "${lines[*]:1}" =~ ^libcurl\ $v,\ jansson\ $v,\ libmagic\ $v,\ OpenSSL\ $v,\ libarchive\ $v,\ expat\ $v$ ]]
	assert_equal "$stderr" ""
	assert_equal "$("$BIN" -V)" "$output"
	[ ! -e "$REC/.jibri-finalize" ]
}
