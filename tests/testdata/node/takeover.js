'use strict';
// Node's client where a connection leaves HTTP or breaks. Its arguments are the port of a server with the handler under test, which
// listens to 'upgrade' and 'connect', and the key of the exchanges that break. It fails with an assertion, or prints "done".
const assert = require('node:assert');
const http = require('node:http');
const { once } = require('node:events');

const [, , port, key] = process.argv;
const options = (more) => ({ host: '127.0.0.1', port, agent: false, ...more });

// talk writes to a socket that echoes, ends it, and resolves to all that comes back.
async function talk(socket, head, text) {
  const chunks = [head];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.end(text);
  await once(socket, 'end');
  return String(Buffer.concat(chunks));
}

async function upgrade() {
  const req = http.get(options({ path: '/any', headers: { Connection: 'Upgrade', Upgrade: 'echo' } }));
  const [res, socket, head] = await once(req, 'upgrade');
  assert.strictEqual(res.statusCode, 101);
  assert.strictEqual(res.headers.upgrade, 'echo');
  const text = 'x'.repeat(1 << 20);
  assert.ok((await talk(socket, head, text)) === text);
}

async function connect() {
  const req = http.request(options({ method: 'CONNECT', path: `127.0.0.1:${port}` }));
  req.end();
  const [res, socket, head] = await once(req, 'connect');
  assert.strictEqual(res.statusCode, 200);
  const inner = await talk(socket, head, 'GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  assert.match(inner, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhello\n$/);

  const refused = http.request(options({ method: 'CONNECT', path: '127.0.0.1:1' }));
  refused.end();
  const [no] = await once(refused, 'connect');
  assert.strictEqual(no.statusCode, 502);
  assert.strictEqual(no.headers['x-code'], 'ECONNREFUSED');
}

async function aborts() {
  const download = http.get(options({ path: `/download?size=100000000&key=${key}-download` }));
  download.on('error', () => {});
  const [res] = await once(download, 'response');
  res.on('error', () => {});
  await once(res, 'data');
  download.destroy();

  const upload = http.request(options({ method: 'POST', path: `/watch?key=${key}-upload`, headers: { 'Content-Length': 9 } }));
  upload.on('error', () => {});
  upload.write('abc');
  const [seen] = await once(http.get(options({ path: `/await?key=${key}-upload&event=data` })), 'response');
  seen.resume();
  await once(seen, 'end');
  upload.destroy();
}

async function main() {
  await upgrade();
  await connect();
  await aborts();
  console.log('done');
}

main();
