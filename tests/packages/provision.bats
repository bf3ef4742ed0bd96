# The examples for cloud-init and Ansible, run on a booted machine by Debian's
# own: the addresses, the secret and the package are the test's.

load ../lib
load machine
load recorder

setup() {
	common_setup
	need_root
}

teardown() {
	machine_stop
	# Only root can read what cloud-init keeps of them.
	[ -z "${MACHINE-}" ] || rm -rf "$MACHINE/var/lib/cloud"
	[ -z "${MACHINE-}" ] || rm -f "$MACHINE/etc/jitsi/jibri/webhook-secret"
	common_teardown
}

# recorder_with PACKAGE...: and our own is at hand.
recorder_with() {
	recorder_start
	cp "$(this_deb)" "$MACHINE/root/new.deb"
	apt_get --no-install-recommends install "$@"
}

# As an operator fills it in.
filled_in() {
	sed -e "s|https://files.example.org|$URL|" \
		-e "s|https://meetings.example.org|$URL|" \
		-e "s|https://packages.example.org/.*.deb|file:///root/new.deb|" \
		-e "s|replace-me|$CANARY|" "$1"
}

# What Jibri records is delivered by the sweeper, after Jibri's deferred call.
a_recording_is_delivered() {
	put first
	as_jibri /usr/bin/jibri-finalize /srv/recordings/first
	wait_for is_announced first
	is_stored metadata.json "$MEDIA"
	assert_equal "$(machine stat -c '%a %U:%G' /etc/jitsi/jibri/finalize.conf \
		/etc/jitsi/jibri/webhook-secret | sort -u)" "640 root:jibri"
	as_jibri /usr/bin/jibri-finalize check
}

@test "cloud-init makes a delivering machine of the example" {
	start_sandbox
	recorder_with cloud-init
	filled_in "$ROOT/packaging/cloud-init/user-data.yaml" >"$DIR/secret-data"
	cp "$DIR/secret-data" "$MACHINE/root/secret-data"
	run -0 machine cloud-init schema --config-file /root/secret-data
	assert_output_has 'Valid cloud-config'
	sed 's/^write_files:/write_file:/; s/^packages:/packages: 7/' \
		"$DIR/secret-data" >"$MACHINE/root/secret-wrong"
	run machine cloud-init schema --config-file /root/secret-wrong
	((status != 0))

	# The machine's network is the host's, and not its own to configure.
	local seed=$MACHINE/var/lib/cloud/seed/nocloud
	mkdir -p "$seed"
	cp "$DIR/secret-data" "$seed/user-data"
	echo 'instance-id: test' >"$seed/meta-data"
	printf '%s\n' 'network: {config: disabled}' 'locale: false' \
		'datasource_list: [NoCloud]' 'ssh_genkeytypes: []' \
		'warnings: {dsid_missing_source: off}' \
		>"$MACHINE/etc/cloud/cloud.cfg.d/99_test.cfg"
	local stage
	for stage in 'init --local' init 'modules --mode=config' \
		'modules --mode=final'; do
		# As a unit of the machine's, with no more rights than those have.
		# shellcheck disable=SC2086
		machine systemd-run --quiet --wait --pipe cloud-init $stage \
			>>"$DIR/secret-log" 2>&1 </dev/null ||
			{ tail -n 40 "$DIR/secret-log" >&2; return 1; }
	done
	rm -f "$MACHINE"/root/secret-* "$MACHINE/var/log"/cloud-init*
	a_recording_is_delivered
}

playbook() {
	machine systemd-run --quiet --wait --pipe \
		--working-directory=/root/play \
		--setenv=HOME=/root --setenv=LC_ALL=C.UTF-8 \
		ansible-playbook -c local -i jibri, \
		-e ansible_python_interpreter=/usr/bin/python3 \
		-e jibri_finalize_deb=/root/new.deb \
		-e @secret.json "$@" jibri-finalize.yml </dev/null
}

@test "Ansible makes a delivering machine of the example, and a second run changes nothing" {
	start_sandbox
	recorder_with ansible-core python3-apt sudo
	mkdir "$MACHINE/root/play"
	filled_in "$ROOT/packaging/ansible/jibri-finalize.yml" |
		sed 's/^  hosts: jibri/  hosts: all/' \
			>"$MACHINE/root/play/jibri-finalize.yml"
	jq -n --arg secret "$CANARY" '{jibri_finalize_secret: $secret}' \
		>"$MACHINE/root/play/secret.json"
	run -0 playbook --syntax-check
	run playbook
	((status == 0)) || { echo "$output" >&2; return 1; }
	refute_output_has "$CANARY"
	run playbook
	assert_output_has 'changed=0'
	assert_output_has 'failed=0'
	a_recording_is_delivered
}
