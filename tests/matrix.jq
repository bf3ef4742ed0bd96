# What is wrong after a run, a line for each; none when what the journal says is
# true of the server.  $media is the artifact with the fault, $class the outcome
# that it must have, $files the number of artifacts.
#
#   A  not stored, and known not to be: no doubt is noted
#   B  unknown, until the list settles it
#   C  stored, and known to be
#   P  unknown, and promised: the server has accepted it
#   D  unknown, and in doubt when the run ends: that is noted
#   ?  either A or B, depending on buffers

def say(text; is_wrong): if is_wrong then text else empty end;

($journal | map(select(.path and (.event | IN("stored", "unknown", "absent",
	"ambiguous", "superseded")))) | group_by(.path) |
	map({key: .[0].path, value: last.event}) | from_entries) as $last |
($journal | map(select(.event == "sending") | .paths[]) | unique) as $begun |
($records | map(select(.path | contains("/\($session)/"))) |
	group_by(.path)) as $objects |
($objects | map({key: .[0].filename, value: .[0]}) | from_entries) as $held |
($hooks | map(select(.body | fromjson? |
	.eventType == "STOPPED" and .sessionId == $session))) as $stopped |
($requests | map(select(.stage == "upload" and
	(.target | contains("/\($session)/"))) | .n) | max // 0) as $sent |
[$journal[] | select(.event == "unknown" and .path == $media)] as $doubts |

say("stored twice"; $objects | any(length > 1)),
say("STOPPED before all was stored";
	$stopped != [] and (($objects | length) < $files or
		($stopped | map(.n) | min) < $sent)),
say("STOPPED under two ids or with two bodies";
	$stopped | map([.headers["webhook-id"], .body]) | unique | length > 1),
(($last | to_entries[] | select(.value == "stored") | .key) as $path |
	say("\($path) is called stored, and is not"; $held[$path] | not)),
(($journal[] | select(.event == "stored" and .sha256)) as $fact |
	say("\($fact.path) is another";
		$held[$fact.path].sha256 | . and . != $fact.sha256)),
(($held | keys[]) as $path |
	say("\($path) is stored, and nobody knows";
		$last[$path] != "stored" and $last[$path] != "unknown" and
		($begun | index($path) | not))),
say("an outcome in doubt that is certain";
	($class == "A" or $class == "C") and $doubts != []),
say("an outcome in doubt that was not noticed";
	($class == "D" or $class == "P") and $doubts == [])
