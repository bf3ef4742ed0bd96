import { createServer } from 'node:http';
import multer from 'multer';
import { announce, handler, version } from './store.mjs';

const single = multer({ storage: multer.memoryStorage() }).single('file');

const server = createServer(handler((req, res) =>
	new Promise((resolve, reject) => single(req, res, error => error
		? reject(error)
		: resolve([req.file.originalname, req.file.mimetype,
			req.file.buffer])))))
	.listen(0, '127.0.0.1', () => announce(`multer ${version('multer')}`,
		server.address().port));
