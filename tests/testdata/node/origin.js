'use strict';
// Node's http server for the client under test. It prints its port, and ends when its standard input does. /connections
// tells how many have been made.
const http = require('node:http');

let connections = 0;

const routes = {
  '/hello': (req, res) => res.end('hello\n'),
  '/echo': (req, res) => req.pipe(res),
  '/chunks': (req, res) => {
    for (let i = 0; i < 3; i++) res.write(`piece ${i}\n`);
    res.end();
  },
  '/trailers': (req, res) => {
    req.resume();
    req.on('end', () => {
      res.writeHead(200, { Trailer: 'X-Sum' });
      res.write('end');
      res.addTrailers({ 'X-Sum': `of ${req.trailers['x-sum']}` });
      res.end();
    });
  },
  '/inform': (req, res) => {
    res.writeProcessing();
    res.writeEarlyHints({ link: '</style.css>; rel=preload' });
    res.end('final');
  },
  '/empty': (req, res) => res.writeHead(204).end(),
  '/close': (req, res) => res.writeHead(200, { Connection: 'close' }).end('bye'),
  '/cut': (req, res) => {
    res.write('half');
    setImmediate(() => res.destroy());
  },
  '/destroy': (req) => req.destroy(),
  '/never': () => {},
  '/connections': (req, res) => res.end(String(connections)),
};

const server = http.createServer({ keepAliveTimeout: 60000 }, (req, res) => routes[req.url](req, res));
server.on('connection', () => connections++);
server.on('checkContinue', (req, res) => {
  if (req.url === '/refuse') {
    res.writeHead(417).end('no');
    return;
  }
  res.writeContinue();
  req.pipe(res);
});
server.on('upgrade', (req, socket, head) => {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${req.headers.upgrade}\r\n\r\nhello `);
  socket.write(head);
  socket.pipe(socket);
});
server.on('connect', (req, socket, head) => {
  socket.write(`HTTP/1.1 200 Connection Established\r\n\r\n${req.url} `);
  socket.write(head);
  socket.pipe(socket);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
