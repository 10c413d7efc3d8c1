'use strict';
// Node's http server with the handler of /dump: it answers every request, when that is complete, with all it knows of it.
// It prints its port, and ends when its standard input does.
const http = require('node:http');

const pairs = (raw) => {
  const list = [];
  for (let i = 0; i < raw.length; i += 2) list.push([raw[i].toLowerCase(), raw[i + 1]]);
  return list;
};

const server = http.createServer({ keepAliveTimeout: 60000 }, (req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({
      method: req.method,
      url: req.url,
      version: req.httpVersion,
      headers: pairs(req.rawHeaders),
      trailers: pairs(req.rawTrailers),
      body: Buffer.concat(chunks).toString('latin1'),
    }));
  });
});
// As ours: who has sent all that he wants may still read.
server.httpAllowHalfOpen = true;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
