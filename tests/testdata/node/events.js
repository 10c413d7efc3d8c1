'use strict';
// The interpreter of event scripts for Node: see ../events/README.md. It is ES5, for it runs on Node 0.8 as well as on 20.
//
// Its arguments are the file with the script, and the port that clients connect to, or the path of a Unix socket, at which a server
// listens too. It prints "listening PORT" first and then a line for each event. Of its input each line is "do N LABEL" or
// "settle N". It answers with "settled N", to the latter when all that has arrived before is dealt with.
var fs = require('fs');
var http = require('http');
var net = require('net');

var peer = process.argv[3], isPath = peer[0] === '/';

// Node 20 emits 'close' for each message, the document's Node for those alone that were cut short and, on a client, whose
// connection is not kept.
var closesAll = parseInt(process.versions.node, 10) >= 16;

// ---- the script

// parse returns the lines as {subject, event, actions}; a label is an event without a subject.
function parse(text) {
  return text.split('\n').filter(function (line) { return line.trim() && line[0] !== '#'; }).map(function (line) {
    var colon = line.search(/:(\s|$)/);
    var when = line.slice(0, colon).trim().split(/\s+/);
    var subject = when.length > 1 ? when.shift() : '';
    return { subject: subject, event: when[0], actions: actions(line.slice(colon + 1), subject) };
  });
}

// actions splits "subject.verb argument ...; ...".
function actions(text, subject) {
  var list = [], current = [];
  function done() {
    if (current.length === 0) return;
    var verb = current.shift().text, dot = verb.lastIndexOf('.');
    list.push({ subject: dot < 0 ? subject : verb.slice(0, dot), verb: verb.slice(dot + 1), args: current });
    current = [];
  }
  var token = /\s*(?:(;)|([A-Za-z][-\w]*=)?(?:"((?:[^"\\]|\\.)*)"(?:\*(\d+))?|([^\s;"]*)))/g, m;
  while (token.lastIndex < text.trim().length && (m = token.exec(text.trim())) && m[0]) {
    if (m[1]) done();
    else current.push({ name: m[2] && m[2].slice(0, -1), text: m[5] !== undefined && m[3] === undefined ? m[5] : repeat(unquote(m[3]), m[4]) });
  }
  done();
  return list;
}

var escapes = { r: '\r', n: '\n', t: '\t' };

function unquote(s) {
  return s.replace(/\\(?:x([0-9a-f]{2})|(.))/g, function (_, hex, c) {
    return hex ? String.fromCharCode(parseInt(hex, 16)) : escapes[c] || c;
  });
}

function quote(s) {
  return '"' + s.replace(/[^ !#-\[\]-~]/g, function (c) {
    for (var e in escapes) if (escapes[e] === c) return '\\' + e;
    return c === '"' || c === '\\' ? '\\' + c : '\\x' + ('0' + c.charCodeAt(0).toString(16)).slice(-2);
  }) + '"';
}

function repeat(s, n) { return n === undefined ? s : new Array(+n + 1).join(s); }

// fields makes the arguments with names one object; a name that occurs again has all its values.
function fields(args) {
  var headers = {};
  args.forEach(function (a) {
    if (a.name) headers[a.name] = headers[a.name] === undefined ? a.text : [].concat(headers[a.name], a.text);
  });
  return headers;
}

function values(args) { return args.filter(function (a) { return !a.name; }).map(function (a) { return a.text; }); }

// ---- the log

function print(line) { process.stdout.write(line + '\n'); }

function bytes(s) { return Buffer.from ? Buffer.from(s, 'binary') : new Buffer(s, 'binary'); }

function show(chunk) {
  if (typeof chunk === 'string') chunk = Buffer.from ? Buffer.from(chunk) : new Buffer(chunk);
  return quote(chunk.toString('binary'));
}

function showFields(headers) {
  return Object.keys(headers).map(function (name) {
    return [].concat(headers[name]).map(function (value) { return ' ' + name + '=' + quote(value); }).join('');
  }).join('');
}

function showError(err) { return err && err.code ? ' ' + err.code : ''; }

var script = parse(fs.readFileSync(process.argv[2], 'utf8'));

function wants(subject, event) {
  return script.some(function (line) { return line.subject === subject && line.event === event; });
}

// without says that the script does not want a listener which is there otherwise.
function without(subject, event) {
  return script.some(function (line) {
    return line.subject === subject && line.event === 'without' && line.actions.some(function (a) { return a.verb === event; });
  });
}

// happened prints an event, and does what the script wants done then.
function happened(subject, event, details) {
  print((subject ? subject + ' ' : '') + event + (details || ''));
  run(subject, event);
}

function run(subject, event) {
  script.forEach(function (line) {
    if (line.subject !== subject || line.event !== event) return;
    line.actions.forEach(function (a) {
      try {
        verbs[a.verb](things[a.subject] || { name: a.subject }, a.args);
      } catch (err) {
        if (!verbs[a.verb]) throw err;
        print((a.subject ? a.subject + ' ' : '') + a.verb + ' throws' + showError(err));
      }
    });
  });
}

// listen prints an event if it is among those by default, or in the script.
function listen(emitter, subject, event, byDefault, details, name) {
  name = name || event;
  if (byDefault ? without(subject, name) : !wants(subject, name)) return;
  emitter.on(event, function () { happened(subject, name, details && details.apply(null, arguments)); });
}

// ---- what the script talks of, by name

// A thing has of these what it is: {name, server, agent, req, res, out, in, socket}: out is what is written to, in what is
// read.
var things = { '': { name: '' } };

function body(stream, name) {
  listen(stream, name, 'data', true, function (chunk) { return ' ' + show(chunk); });
  listen(stream, name, 'end', true, function () { return showFields(stream.trailers || {}); });
}

function exchange(event) {
  return function (req, res) {
    var thing = things[req.url] = { name: req.url, out: res, in: req, req: req, socket: req.connection };
    body(req, thing.name);
    req.on('close', function () {
      if (!(closesAll && req.complete && (res.writableFinished || !req.socket.destroyed))) happened(thing.name, 'close');
    });
    res.on('close', function () {
      if (!(closesAll && res.writableFinished)) happened(thing.name, 'response-close');
    });
    res.on('error', function (err) { happened(thing.name, 'response-error', showError(err)); });
    listen(res, thing.name, 'finish', false);
    listen(res, thing.name, 'drain', false);
    happened(thing.name, event, requestLine(req));
  };
}

function requestLine(req) { return ' ' + req.method + ' HTTP/' + req.httpVersion + showFields(req.headers); }

function tunnel(event) {
  return function (req, socket, head) {
    var thing = things[req.url] = { name: req.url, out: socket, in: socket, req: req, socket: socket };
    watch(socket, thing.name);
    happened(thing.name, event, requestLine(req) + ' head ' + show(head));
  };
}

// watch prints the events of a socket that belongs to the program.
function watch(socket, name) {
  listen(socket, name, 'data', true, function (chunk) { return ' ' + show(chunk); }, 'socket-data');
  listen(socket, name, 'end', true, null, 'socket-end');
  listen(socket, name, 'error', true, showError, 'socket-error');
  listen(socket, name, 'close', true, null, 'socket-close');
}

function startServer(ready) {
  var server = http.createServer();
  server.keepAliveTimeout = 60000; // a machine that is busy ends no connection
  var thing = things.server = { name: 'server', server: server };
  server.on('request', exchange('request'));
  ['checkContinue', 'upgrade', 'connect'].forEach(function (event) {
    if (script.some(function (line) { return line.event === event; })) {
      server.on(event, event === 'checkContinue' ? exchange(event) : tunnel(event));
    }
  });
  listen(server, 'server', 'connection', false);
  if (wants('server', 'clientError')) {
    server.on('clientError', function (err, socket) {
      thing.out = thing.socket = socket;
      happened('server', 'clientError', showError(err));
    });
  }
  listen(server, 'server', 'close', false);
  if (isPath) server.listen(peer, function () { ready(0); });
  else server.listen(0, '127.0.0.1', function () { ready(server.address().port); });
}

function request(thing, args) {
  var name = args.shift().text, options = isPath ? { socketPath: peer } : { host: '127.0.0.1', port: peer };
  options.method = args.shift().text;
  options.path = args.shift().text;
  args = args.filter(function (a) {
    if (/^[A-Z]/.test(a.name)) return true;
    options[a.name] = a.text;
    return false;
  });
  options.headers = fields(args);
  if (options.agent) options.agent = options.agent === 'none' ? false : things[options.agent].agent;
  if (options.port === 'server') options.port = things.server.server.address().port;
  var req = options.client ? things[options.client].client.request(options.method, options.path, options.headers) : http.request(options);
  thing = things[name] = { name: name, out: req, req: req };
  if (!without(name, 'response')) {
    req.on('response', function (res) {
      thing.in = res;
      body(res, name);
      var error; // what the document's Node gives to 'close', Node 20 has in an 'error' before it
      res.on('error', function (err) { error = err; });
      res.on('close', function (err) {
        if (!(closesAll && res.complete)) happened(name, 'response-close', showError(err || error));
      });
      happened(name, 'response', responseLine(res));
    });
  }
  ['upgrade', 'connect'].forEach(function (event) {
    if (!wants(name, event)) return;
    req.on(event, function (res, socket, head) {
      thing.out = thing.in = thing.socket = socket;
      watch(socket, name);
      happened(name, event, responseLine(res) + ' head ' + show(head));
    });
  });
  listen(req, name, 'continue', false);
  listen(req, name, 'information', false, function (info) { return ' ' + info.statusCode + showFields(info.headers); });
  listen(req, name, 'socket', false);
  req.on('socket', function (socket) { thing.socket = socket; });
  listen(req, name, 'timeout', false);
  listen(req, name, 'drain', false);
  listen(req, name, 'error', true, showError);
  req.on('close', function () {
    if (!(closesAll && thing.in && thing.in.complete && req.shouldKeepAlive && !req.aborted)) happened(name, 'close');
  });
}

function responseLine(res) { return ' ' + res.statusCode + ' HTTP/' + res.httpVersion + showFields(res.headers); }

// ---- what it can do

function noted(thing, verb, result) { print(thing.name + ' ' + verb + ' ' + result); }

var verbs = {
  // of the program
  request: request,
  agent: function (_, args) {
    var options = fields(args);
    var agent = new http.Agent({ keepAlive: 'keepAlive' in options, maxSockets: +options.maxSockets || 5 });
    agent.maxSockets = +options.maxSockets || 5;
    things[args[0].text] = { name: args[0].text, agent: agent };
  },
  client: function (_, args) {
    var name = args[0].text, client = http.createClient(peer, '127.0.0.1');
    things[name] = { name: name, client: client };
    listen(client, name, 'error', false, showError);
  },
  dial: function (_, args) {
    var name = args[0].text, socket = net.connect(peer, '127.0.0.1');
    things[name] = { name: name, out: socket, in: socket, socket: socket };
    socket.on('connect', function () { happened(name, 'socket-connect'); });
    watch(socket, name);
  },
  print: function (_, args) { print(values(args).join(' ')); },

  // of a server
  close: function (thing) { thing.server.close(); },

  // of an agent
  count: function (thing) {
    function total(lists) {
      return Object.keys(lists).reduce(function (n, key) { return n + lists[key].length; }, 0);
    }
    print(thing.name + ' sockets=' + total(thing.agent.sockets) + ' requests=' + total(thing.agent.requests));
  },

  // of what is written
  writeHead: function (thing, args) {
    var list = values(args), headers = fields(args);
    if (list[1]) thing.out.writeHead(+list[0], list[1], headers);
    else thing.out.writeHead(+list[0], headers);
  },
  status: function (thing, args) { thing.out.statusCode = +args[0].text; },
  noDate: function (thing) { thing.out.sendDate = false; },
  setHeader: function (thing, args) {
    var headers = fields(args);
    Object.keys(headers).forEach(function (name) { thing.out.setHeader(name, headers[name]); });
  },
  getHeader: function (thing, args) { noted(thing, 'getHeader', quote(String(thing.out.getHeader(args[0].text) || ''))); },
  removeHeader: function (thing, args) { thing.out.removeHeader(args[0].text); },
  writeContinue: function (thing) { thing.out.writeContinue(); },
  addTrailers: function (thing, args) { thing.out.addTrailers(fields(args)); },
  write: function (thing, args) { thing.out && thing.out.write(bytes(args[0].text)); },
  'write?': function (thing, args) { noted(thing, 'write', thing.out.write(bytes(args[0].text))); },
  end: function (thing, args) { thing.out && (args[0] ? thing.out.end(bytes(args[0].text)) : thing.out.end()); },
  abort: function (thing) { thing.out.abort(); },
  setTimeout: function (thing, args) { thing.out.setTimeout(+args[0].text); },

  // of what is read
  pause: function (thing) { thing.in.pause(); },
  resume: function (thing) { thing.in.resume(); },
  setEncoding: function (thing, args) { thing.in.setEncoding(args[0].text); },
  pipe: function (thing, args) { thing.in.pipe(args[0] ? things[args[0].text].out : thing.out); },

  // of a socket
  destroy: function (thing) { thing.socket && thing.socket.destroy(); },
  agentRemove: function (thing) { thing.socket.emit('agentRemove'); }
};

// ---- the program

process.on('uncaughtException', function (err) { print('uncaught' + (showError(err) || ' ' + err.message)); });

// settle calls back after some turns of the event loop.
function settle(turns, callback) {
  if (turns === 0) return callback();
  setTimeout(function () { settle(turns - 1, callback); }, 1);
}

function command(line) {
  var words = line.split(' ');
  if (words[0] === 'do') run('', words[2]);
  settle(words[0] === 'do' ? 0 : 3, function () { print('settled ' + words[1]); });
}

function start(port) {
  print('listening ' + port);
  var pending = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', function (text) {
    var lines = (pending + text).split('\n');
    pending = lines.pop();
    lines.forEach(command);
  });
  process.stdin.on('end', function () { process.exit(0); });
  process.stdin.resume();
  run('', 'start');
}

if (wants('', 'start')) start(0);
else startServer(start);
