-- lua main.lua LIBRARY CASE: prints what must be the same in each mode.
local host = assert(package.loadlib(arg[1], 'luaopen_lua_host'))()
local function failures(n, f)
  local count = 0
  for _ = 1, n do
    local ok, text = pcall(f)
    if not ok and tostring(text):find('on purpose') then count = count + 1 end
  end
  return count
end
local cases = {}
function cases.calls()
  local sum = 0
  for n = 1, 100000 do sum = sum + host.work(n) end
  return sum, host.call(function() return host.call(function() return 7 end) end)
end
function cases.errors()
  return failures(100000, host.fail), failures(20000, function() host.call(host.fail) end)
end
function cases.errors_from_c() return failures(1000, host.fail_in_c) end
function cases.recursion()
  local function descend() return host.call(function() return descend() end) + 1 end
  local ok, text = pcall(descend)
  return ok, tostring(text):match('overflow') or text
end
function cases.coroutines()
  local sum, threads = 0, {}
  for i = 1, 1000 do
    threads[i] = coroutine.wrap(function()
      for k = 1, 5 do sum = sum + host.suspend(i + k) end
      return 1
    end)
    sum = sum + threads[i]()
  end
  for _ = 1, 4 do for i = 1000, 1, -1 do sum = sum + threads[i](2) end end
  return sum
end
function cases.yield_across_a_body()
  local thread = coroutine.create(function()
    return host.call(function() return coroutine.yield(1) end)
  end)
  local ok, text = coroutine.resume(thread)
  return ok, tostring(text):match('attempt to yield') or text
end
function cases.errors_in_coroutines()
  return failures(20000, function() coroutine.wrap(function() host.call(host.fail) end)() end)
end
print(assert(cases[arg[2]], 'no such case')())
