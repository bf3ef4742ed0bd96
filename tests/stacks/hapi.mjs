import hapi from '@hapi/hapi';
import { answer, announce, keep, version } from './store.mjs';

const server = hapi.server({ host: '127.0.0.1', port: 0 });

async function bytesOf(stream) {
	const chunks = [];

	for await (const chunk of stream)
		chunks.push(chunk);
	return Buffer.concat(chunks);
}

server.route({
	method: 'POST',
	path: '/files/structured/{id}',
	options: { payload: { output: 'stream', parse: true,
		multipart: true } },
	handler: async (req, h) => {
		const { file } = req.payload;
		const bytes = Buffer.isBuffer(file) ? file : await bytesOf(file);

		return h.response(keep(req.query.path, file.hapi.filename,
			file.hapi.headers['content-type'], bytes)).code(201);
	},
});
server.route({
	method: '*',
	path: '/{any*}',
	handler: (req, h) => {
		const said = answer(req.method, req.path);

		return said ? h.response(said.body).type(said.type)
			: h.response('nothing here').code(404);
	},
});
await server.start();
announce(`hapi ${version('@hapi/hapi')}`, server.info.port);
