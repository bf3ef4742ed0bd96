// What the Node.js backends share: the two services but for the upload, whose
// parser is what is tested.
import { createRequire } from 'node:module';

const files = [];

export const version = name =>
	createRequire(import.meta.url)(`./node_modules/${name}/package.json`)
		.version;

// Tell who started us where we are, and end with them.
export function announce(name, port) {
	console.log(`${name} http://127.0.0.1:${port}`);
	process.stdin.resume().on('end', () => process.exit());
}

export function keep(folder, filename, type, bytes) {
	const record = {
		id: files.length + 1, filename, path: folder + filename,
		mimeType: type, size: bytes.length,
		uploadedAt: new Date().toISOString(),
	};
	files.push({ record, bytes });
	return record;
}

export const list = () => files.map(f => f.record);

// An answer to anything but an upload: { type, body }, or null.
export function answer(method, path) {
	const json = value => (
		{ type: 'application/json', body: JSON.stringify(value) });
	const download = path.match(/^\/files\/(\d+)\/download$/);

	if (path.startsWith('/api/meetings/room/'))
		return json({ id: 123 });
	if (path === '/metadata')
		return json(list());
	if (path === '/webhooks/jitsi/recording')
		return json({ success: true });
	if (download && files[download[1] - 1]) {
		const { record, bytes } = files[download[1] - 1];
		return { type: record.mimeType, body: bytes };
	}
	return null;
}

// A handler for node:http: upload(request) gives what keep() takes.
export const handler = upload => async (req, res) => {
	const { pathname, searchParams } = new URL(req.url, 'http://h');
	const send = (status, type, body) => {
		res.writeHead(status, { 'Content-Type': type });
		res.end(body);
	};
	const said = answer(req.method, pathname);

	if (said) {
		send(200, said.type, said.body);
		return;
	}
	try {
		const file = await upload(req, res);
		send(201, 'application/json', JSON.stringify(
			keep(searchParams.get('path'), ...file)));
	} catch (e) {
		send(400, 'application/json',
			JSON.stringify({ message: String(e.message) }));
	}
};
