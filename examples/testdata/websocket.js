'use strict';
// A WebSocket client. Its arguments are the directory of the module ws, and the URL of a server that echoes. It fails with an
// assertion, or prints what came of it.
const assert = require('node:assert');
const { once } = require('node:events');
const { WebSocket } = require(process.argv[2]);

async function main() {
  const socket = new WebSocket(process.argv[3]);
  await once(socket, 'open');
  const messages = ['', 'hello', 'grüße 🌍', 'x'.repeat(70000), Buffer.alloc(0), Buffer.alloc(1 << 20, 7)];
  for (const sent of messages) {
    socket.send(sent);
    const [got, isBinary] = await once(socket, 'message');
    assert.strictEqual(isBinary, Buffer.isBuffer(sent));
    assert.ok(got.equals(Buffer.from(sent)));
  }

  socket.send('in ', { fin: false });
  socket.ping('between');
  socket.send('fragments');
  const [[pong], [text]] = await Promise.all([once(socket, 'pong'), once(socket, 'message')]);
  assert.strictEqual(String(pong), 'between');
  assert.strictEqual(String(text), 'in fragments');

  socket.close(4000, 'bye');
  const [code, reason] = await once(socket, 'close');
  console.log(`${messages.length + 1} messages, closed with ${code} ${reason}`);
}

main();
