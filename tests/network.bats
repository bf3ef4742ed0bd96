#!/usr/bin/env bats
# How the services are reached: the time to connect, the proxy, the token.

load lib
setup() {
	common_setup
	start_sandbox
	recording
}
teardown() {
	local pid
	for pid in ${SILENT_PID:-} ${ENDLESS_PID:-} ${DNS_PID:-} ${OTHER_PID:-}; do
		end_child "$pid"
	done
	common_teardown
}

# A port that accepts connections and never answers.
start_silent() {
	perl -MSocket -e '
		$| = 1;
		socket(S, PF_INET, SOCK_STREAM, 0) or die;
		bind(S, sockaddr_in(0, INADDR_LOOPBACK)) or die;
		listen(S, 64) or die;
		print +(sockaddr_in(getsockname(S)))[0], "\n";
		sleep 120' >"$DIR/port" 3>&- &
	SILENT_PID=$!
	wait_for test -s "$DIR/port"
	SILENT=127.0.0.1:$(cat "$DIR/port")
}

@test "a server that never finishes the TLS handshake is abandoned after connect-timeout" {
	local start=$SECONDS
	start_silent
	run_finalize 75 --file-service-url "https://$SILENT" --tries 1 \
		--connect-timeout 300ms --answer-timeout 30s
	((SECONDS - start < 10))
	assert_equal "$(webhooks | cut -d ' ' -f 1)" FAILED
	assert_output_has "https://$SILENT/metadata: Timeout was reached"
}

@test "a server that never answers a request is abandoned after answer-timeout" {
	local start=$SECONDS
	start_silent
	run_finalize 75 --meeting-service-url "http://$SILENT" --tries 1 \
		--answer-timeout 300ms
	((SECONDS - start < 10))
	assert_equal "$(requests upload)" 0
	assert_output_has "no complete answer within 0.3 s"
}

@test "a configured proxy is used, and the environment's only with proxy = env" {
	local nowhere=http://files.invalid
	export http_proxy=$URL
	run_finalize 75 --meeting-service-url "$nowhere" --tries 1
	assert_equal "$(requests)" 0
	assert_output_has "Could not resolve host: files.invalid"

	run_finalize 65 --meeting-service-url "$nowhere" --proxy env "$ROOM"
	assert_equal "$(jq -r .headers.host "$SB/requests.jsonl" | sort -u)" \
		files.invalid
	unset http_proxy
	: >"$SB/requests.jsonl"
	run finalize --meeting-service-url "$nowhere" --proxy "$URL"
	assert_equal "$(jq -r .headers.host "$SB/requests.jsonl" | sort -u)" \
		files.invalid
}

# A proxy with an endless refusal.
start_endless() {
	perl -MIO::Socket::INET -e '
		$| = 1;
		$SIG{CHLD} = "IGNORE";
		$s = IO::Socket::INET->new(Listen => 64,
			LocalAddr => "127.0.0.1") or die;
		print $s->sockport, "\n";
		while ($c = $s->accept) {
			next if fork;
			print "asked\n";
			print $c "HTTP/1.1 407 P\r\nContent-Length: 99999999999\r\n\r\n";
			print $c "a" x 65536 while $c->connected;
			exit;
		}' >"$DIR/endless" 3>&- &
	ENDLESS_PID=$!
	wait_for test -s "$DIR/endless"
	ENDLESS=http://127.0.0.1:$(head -n 1 "$DIR/endless")
}

@test "a proxy with an endless refusal is abandoned after connect-timeout" {
	start_endless
	run_finalize 75 --tries 1 --proxy "$ENDLESS" --connect-timeout 200ms \
		--meeting-service-url https://meet.invalid --deadline 20s
	assert_output_has "GET https://meet.invalid/api/meetings/room/$ROOM: the proxy did not open a tunnel within 0.2 s"
}

@test "a signal ends a run whose proxy never finishes its answer" {
	local rc=0
	start_endless
	"$BIN" --proxy "$ENDLESS" --meeting-service-url https://meet.invalid \
		--deadline 20s "$REC" >"$DIR/out" 2>&1 3>&- &
	RUN_PID=$!
	wait_for grep -q asked "$DIR/endless"
	kill "$RUN_PID"
	wait "$RUN_PID" || rc=$?
	assert_equal "$rc" 75
	grep -q "room/$ROOM: ended by SIGTERM" "$DIR/out"
}

@test "the token is sent to both services, which refuse requests without it" {
	stop_sandbox
	start_sandbox --token t0ken
	run_finalize 77
	assert_equal "$(requests upload)" 0
	JIBRI_FINALIZE_TOKEN=t0ken run_finalize 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(tail -n 5 "$SB/requests.jsonl" |
		jq -r '.headers.authorization' | sort -u)" "Bearer t0ken"
	refute_output_has t0ken
}

# own_etc: the test's own /etc, in $DIR/etc, without any host names yet.
own_etc() {
	((EUID == 0)) || skip "not root"
	unshare --mount true 2>/dev/null || skip "no namespaces here"
	faults 'lookup * 1 slow-store 1'
	cp -a /etc "$DIR/etc"
	rm -f "$DIR"/etc/{hosts,resolv.conf}
	echo '127.0.0.1 localhost' >"$DIR/etc/hosts"
	echo 'nameserver 127.0.0.1' >"$DIR/etc/resolv.conf"
	echo 'hosts: files dns' >"$DIR/etc/nsswitch.conf"
}

# delivered_while COMMAND: all of it, with /etc changed during the lookup.
delivered_while() {
	unshare --mount bash -ec '
		mount --bind "$1/etc" /etc
		"$3" "$4" >"$1/out" 2>&1 &
		until grep -q "0100007F:$2 .* 01 " /proc/net/tcp; do
			sleep 0.02
		done
		eval "$5"
		wait $!' _ "$DIR" "$(printf %04X "${MEETING_SERVICE_URL##*:}")" \
		"$BIN" "$REC" "$1" || { cat "$DIR/out" >&2; false; }
	run ! grep -E "resolve host|warning" "$DIR/out"
}

@test "a name is found in an /etc/hosts that was replaced during the run" {
	own_etc
	FILE_SERVICE_URL=${URL/127.0.0.1/files.test} delivered_while '
		cp /etc/hosts /etc/new
		echo "127.0.0.1 files.test" >>/etc/new
		mv /etc/new /etc/hosts'
	is_stored metadata.json "$MEDIA"
}

# name_server ADDRESS: every name is 127.0.0.1 there.
name_server() {
	timeout 60 perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 53,
			LocalAddr => $ARGV[0]) or exit 1;
		while (defined $s->recv(my $q, 512)) {
			my ($name) = substr($q, 12) =~ /^(.*?\0)/s;
			my $type = unpack "n", substr $q, 12 + length $name, 2;
			my $is_a = $type == 1;
			$s->send(substr($q, 0, 2) .
			    pack("n5", 0x8180, 1, $is_a, 0, 0) .
			    substr($q, 12, length($name) + 4) . ($is_a ?
			    pack "n3Nn C4", 0xc00c, 1, 1, 9, 4, 127, 0, 0, 1 : ""));
		}' "$1" 3>&- &
	DNS_PID=$!
	wait_for grep -q ":0035 " /proc/net/udp || skip "no port 53 here"
}

@test "a name server that only a replaced /etc/resolv.conf names is used" {
	own_etc
	name_server 127.83.53.1
	# Root also looks up names for another user's process.
	chown -R 65534:65534 "$DIR/recordings"
	FILE_SERVICE_URL=${URL/127.0.0.1/files.test} delivered_while '
		echo "nameserver 127.83.53.1" >/etc/new
		mv /etc/new /etc/resolv.conf'
	is_stored metadata.json "$MEDIA"
}

@test "a CA certificate is found in a directory that was replaced during the run" {
	local other=$DIR/other
	own_etc
	[ -e /etc/ssl/certs/ca-certificates.crt ] || skip "authorities elsewhere"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$DIR/key" -out "$DIR/pem" 2>/dev/null
	cp -a "$DIR/etc/ssl/certs" "$DIR/etc/ssl/new"
	cp --remove-destination "$DIR/pem" \
		"$DIR/etc/ssl/new/ca-certificates.crt"
	mkdir "$other"
	cp "$SB/rooms.json" "$other"
	"$SANDBOX" --dir "$other" --max-time 60 --tls "$DIR/pem" "$DIR/key" \
		3>&- &
	OTHER_PID=$!
	wait_for test -s "$other/url"
	FILE_SERVICE_URL=$(cat "$other/url") delivered_while '
		mv /etc/ssl/certs /etc/ssl/old
		mv /etc/ssl/new /etc/ssl/certs'
	SB=$other is_stored metadata.json "$MEDIA"
}
