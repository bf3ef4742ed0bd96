import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import formidable from 'formidable';
import { announce, handler, version } from './store.mjs';

const server = createServer(handler(async req => {
	const form = formidable({ allowEmptyFiles: true, minFileSize: 0 });
	const [, { file: [file] }] = await form.parse(req);

	return [file.originalFilename, file.mimetype,
		await readFile(file.filepath)];
})).listen(0, '127.0.0.1', () => announce(
	`formidable ${version('formidable')}`, server.address().port));
