'use strict';
// A client with Node's keep-alive Agent. Its argument is the port of a server with the handler under test. It fails with an
// assertion, or prints how many connections it has used.
const assert = require('node:assert');
const http = require('node:http');
const { once } = require('node:events');

const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
const sockets = new Set();

// call makes a request, and resolves to the complete response.
async function call(path, { body = [], interim = [], ...options } = {}) {
  const req = http.request({ agent, host: '127.0.0.1', port: process.argv[2], path, ...options });
  req.on('socket', (socket) => sockets.add(socket));
  req.on('information', (info) => interim.push(info.statusCode));
  const response = once(req, 'response');
  for (const chunk of body) if (!req.write(chunk)) await once(req, 'drain');
  if (options.trailers) req.addTrailers(options.trailers);
  req.end();
  const [res] = await response;
  const chunks = [];
  for await (const chunk of res) chunks.push(chunk);
  return { status: res.statusCode, headers: res.headers, trailers: res.trailers, complete: res.complete, body: Buffer.concat(chunks) };
}

async function round() {
  const hello = await call('/hello');
  assert.strictEqual(hello.status, 200);
  assert.strictEqual(hello.headers['content-length'], '6');
  assert.strictEqual(String(hello.body), 'hello\n');

  const pieces = Array.from({ length: 16 }, (_, i) => Buffer.alloc(16 << 10, 65 + i));
  const echo = await call('/echo', { method: 'POST', body: pieces });
  assert.strictEqual(echo.headers['transfer-encoding'], 'chunked');
  assert.ok(echo.body.equals(Buffer.concat(pieces)));

  const dump = await call('/dump', { method: 'PUT', headers: { Trailer: 'X-Sum' }, body: ['abc'], trailers: { 'X-Sum': '7' } });
  assert.deepStrictEqual(JSON.parse(dump.body).trailers, [['x-sum', '7']]);
  assert.strictEqual(JSON.parse(dump.body).body, 'abc');

  assert.strictEqual((await call('/trailers')).trailers['x-sum'], '42');
  assert.strictEqual((await call('/status?code=204')).status, 204);
  assert.strictEqual((await call('/length?declare=10', { method: 'HEAD' })).body.length, 0);
  assert.strictEqual(String((await call('/early', { method: 'POST', body: ['x'.repeat(1000)] })).body), 'early');

  const interim = [];
  assert.strictEqual(String((await call('/inform', { interim })).body), 'final');
  assert.deepStrictEqual(interim, [102, 103]);
}

async function expectation() {
  const req = http.request({ agent, host: '127.0.0.1', port: process.argv[2], path: '/echo', method: 'POST', headers: { Expect: '100-continue' } });
  req.on('socket', (socket) => sockets.add(socket));
  const response = once(req, 'response');
  req.flushHeaders();
  await once(req, 'continue');
  req.end('after all');
  const [res] = await response;
  let text = '';
  for await (const chunk of res) text += chunk;
  assert.strictEqual(text, 'after all');
}

async function main() {
  const workers = Array.from({ length: 8 }, async () => {
    for (let i = 0; i < 5; i++) await round();
    await expectation();
  });
  await Promise.all(workers);
  console.log(sockets.size);
  agent.destroy();
}

main();
