# Pieces of README.md: $piece.
if $piece == "settings" then
	"| setting | default | meaning |",
	"|---|---|---|",
	(.settings[] | "| `\(.name)` | \(if .initial == "" then "none"
		else "`\(.initial)`" end) | \(.help) |")
else
	error("there is no piece \($piece)")
end
