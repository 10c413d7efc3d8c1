-- Sends what a file holds, and says what came of it in one line of names and numbers.

local raw

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  raw = file:read('*a')
  file:close()
end

function request() return raw end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('bench: requests=%d micros=%d errors=%d status=%d p50=%d p99=%d p999=%d\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
