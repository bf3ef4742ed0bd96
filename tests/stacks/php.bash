#!/bin/bash
# Usage: php.bash DIR: PHP's own server on a free port, with its store in DIR.
# It ends when standard input does.
set -euo pipefail
router=$(realpath "${BASH_SOURCE[0]%/*}/backend.php")
cd "$1"
php -d display_errors=0 -S 127.0.0.1:0 "$router" 2>log &
server=$!
trap 'kill "$server"' EXIT
for ((i = 0; i < 200; i++)); do
	address=$(sed -n 's/.*(http:\/\/\(127[^)]*\)) started/\1/p' log)
	[ -z "$address" ] || break
	sleep 0.05
done
echo "PHP $(php -r 'echo PHP_VERSION;') http://$address"
cat >/dev/null
