// A certified OpenID provider, and a gateway that lets only its tokens pass.
//
//     node provider.mjs DIR SERVICES LIFETIME
//
// DIR/issuer and DIR/gateway get the addresses; DIR/tokens a line for each
// token, DIR/refused one for each request without a good one.  SERVICES is
// where the gateway leads to.  Ends with stdin.
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import Provider from 'oidc-provider';

const [dir, services, lifetime] = process.argv.slice(2);

async function listen(server, name) {
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${server.address().port}`;
  writeFileSync(join(dir, `${name}.new`), url);
  renameSync(join(dir, `${name}.new`), join(dir, name));
  return url;
}

const own = http.createServer((req, res) => provider.callback()(req, res));
const provider = new Provider(await listen(own, 'issuer'), {
  clients: [
    {
      client_id: 'jibri:1',
      client_secret: 'c1ient &=+%/s',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'recordings files',
    },
  ],
  features: { clientCredentials: { enabled: true } },
  scopes: ['recordings', 'files', 'admin'],
  ttl: { ClientCredentials: Number(lifetime) },
});
provider.on('client_credentials.saved', (token) =>
  appendFileSync(join(dir, 'tokens'), `${token.scope}\n`),
);

const gateway = http.createServer(async (req, res) => {
  const bearer = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
  if (!bearer || !(await provider.ClientCredentials.find(bearer))) {
    appendFileSync(join(dir, 'refused'), `${req.method} ${req.url}\n`);
    res.writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
    req.resume();
    res.end();
    return;
  }
  const { method, headers } = req;
  const on = http.request(services + req.url, { method, headers }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  on.on('error', () => res.destroy());
  req.pipe(on);
});
await listen(gateway, 'gateway');

process.stdin.on('end', () => process.exit(0)).resume();
