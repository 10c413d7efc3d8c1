// Serves with Node's package http what Porthole's handlers serve: node node.js 127.0.0.1:8080 hello|echo|transfer

'use strict'
const http = require('http')

const piece = Buffer.alloc(64 << 10)

const handlers = {
  hello (req, res) {
    res.writeHead(200, { 'Content-Type': 'text/plain' })
    res.end('hello world\n')
  },
  echo (req, res) {
    res.writeHead(200, { 'Content-Type': req.headers['content-type'] || 'text/plain' })
    req.pipe(res)
  },
  transfer (req, res) {
    if (req.method === 'GET') return download(req, res)
    let count = 0
    req.on('data', chunk => { count += chunk.length })
    req.on('end', () => {
      res.writeHead(200, { 'Content-Type': 'text/plain' })
      res.end(count + '\n')
    })
  }
}

function download (req, res) {
  let left = parseInt(req.url.slice(1), 10) || 0
  res.writeHead(200, { 'Content-Length': left })
  const write = () => {
    while (left > 0) {
      const size = Math.min(left, piece.length)
      left -= size
      if (!res.write(piece.subarray(0, size)) && left > 0) return
    }
    res.end()
  }
  res.on('drain', write)
  write()
}

const [address, serve] = process.argv.slice(2)
const [host, port] = address.split(':')
const server = http.createServer(handlers[serve])
server.keepAliveTimeout = 0 // the clients here stay
server.listen(Number(port), host)
