-- Sends one request for the users first, first + 1, ... in turn, and prints what wrk measured as JSON.
-- Arguments: how the request starts, stops and steps through the users, the index of the first, and its text.

local parts, start, step, size, index = {}, 0, 1, 1, 0

function init(args)
   local stop, text
   start, stop, step, index, text = tonumber(args[1]), tonumber(args[2]), tonumber(args[3]), tonumber(args[4]), args[5]
   size = math.ceil((stop - start) / step)
   -- Split once, so that to make a request is to join it.
   local from = 1
   while true do
      local at, last = text:find("#######", from, true)
      parts[#parts + 1] = text:sub(from, (at or 0) - 1)
      if not at then break end
      from = last + 1
   end
end

function request()
   local number = start + step * (index % size)
   index = index + 1
   return table.concat(parts, ("%07d"):format(number))
end

function done(summary, latency)
   local errors = summary.errors
   io.write(("\n{\"requests\": %d, \"microseconds\": %d, \"p50\": %d, \"p99\": %d, \"refused\": %d}\n"):format(
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
