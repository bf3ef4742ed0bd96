import multipart from '@fastify/multipart';
import fastify from 'fastify';
import { answer, announce, keep, list, version } from './store.mjs';

const app = fastify();

app.register(multipart);
app.post('/files/structured/:id', async (req, reply) => {
	const file = await req.file();
	const bytes = await file.toBuffer();

	reply.code(201);
	return { data: keep(req.query.path, file.filename, file.mimetype,
		bytes) };
});
app.get('/metadata', async () => ({ data: list() }));
app.setNotFoundHandler((req, reply) => {
	const said = answer(req.method, req.url);

	reply.code(said ? 200 : 404).type(said?.type ?? 'text/plain')
		.send(said?.body ?? 'nothing here');
});
await app.listen({ host: '127.0.0.1', port: 0 });
announce(`Fastify ${version('fastify')}`, app.server.address().port);
