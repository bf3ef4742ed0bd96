// Usage: node manifest.cjs FILE...
//
// Check Kubernetes manifests against the schemas that kubernetes-models was
// generated from.  Those pass over a member that they do not know, as they
// would over a typing error, so every member is also watched: what the
// validation never read, the schema does not have.
const fs = require("fs");
const yaml = require("js-yaml");

function watch(value, path, unread) {
	if (value === null || typeof value !== "object")
		return value;
	const copy = Array.isArray(value) ? [] : {};
	for (const key of Object.keys(value)) {
		const here = `${path}/${key}`;
		copy[key] = watch(value[key], here, unread);
		unread.add(here);
	}
	return new Proxy(copy, {
		get(target, key) {
			if (Object.hasOwn(target, key))
				unread.delete(`${path}/${String(key)}`);
			return target[key];
		},
	});
}

function schema(doc) {
	const [group, version] = doc.apiVersion.includes("/")
		? doc.apiVersion.split("/")
		: ["", doc.apiVersion];
	return require(["kubernetes-models", group, version, doc.kind]
		.filter(Boolean).join("/"))[doc.kind];
}

function check(file, doc) {
	const problems = [];
	const unread = new Set();
	const model = new (schema(doc))(doc);
	const top = Object.keys(doc).filter((key) =>
		!["apiVersion", "kind", "metadata", "spec", "data", "stringData",
			"type"].includes(key));

	for (const key of Object.keys(model))
		model[key] = watch(model[key], `/${key}`, unread);
	try {
		model.validate();
	} catch (e) {
		problems.push(e.message);
	}
	for (const path of [...top.map((key) => `/${key}`), ...unread])
		problems.push(`${path} is not a member of the schema`);
	for (const problem of problems)
		console.error(`${file}: ${doc.kind}: ${problem}`);
	return problems.length === 0;
}

let good = true;
let n = 0;
for (const file of process.argv.slice(2))
	yaml.loadAll(fs.readFileSync(file, "utf8"), (doc) => {
		n++;
		good = check(file, doc) && good;
	});
console.log(`${n} manifests`);
process.exit(good && n > 0 ? 0 : 1);
