-- Sends prepared requests in turn and prints one line of JSON when done.
-- usage: wrk … -s load.lua URL -- FILE
-- FILE has a request per line, its parts separated by tabs: method, path, token, body (may be empty).
-- All requests are rendered before the first is sent, so that the generator costs as little as it can.

local requests, turn = {}, 0

function init(args)
  for line in assert(io.open(args[1], "r")):lines() do
    local method, path, token, body = line:match("^(%u+)\t(%S+)\t(%S+)\t(.*)$")
    assert(method, "not a request: " .. line)
    local headers = { ["Authorization"] = "Bearer " .. token }
    if body == "" then body = nil else headers["Content-Type"] = "application/json" end
    requests[#requests + 1] = wrk.format(method, path, headers, body)
  end
  assert(#requests > 0, "no requests")
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
