-- What the language does through its host: errors that unwind, coroutines, patterns, files.
print(pcall(error, 'thrown'))
print(select(2, pcall(function() local nothing; nothing.field = 1 end)))
print(select(2, load('x = ')))
local depth = 0
local function nested() depth = depth + 1; return pcall(nested) end
print(nested(), depth > 50)
local numbers = coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i * i) end end)
print(numbers(), numbers(), numbers(), numbers(), numbers())
local total = 0
for i = 1, 200000 do
  local ok = pcall(error)
  if not ok then total = total + i % 7 end
end
print(total)
local words = {}
for word in ('the quick brown fox jumps over the lazy dog'):gmatch('%a+') do words[#words + 1] = word end
table.sort(words)
print(table.concat(words, ' '), ('%5.2f|%-6s|%x|%q'):format(math.pi, 'ab', 255, 'a\nb'))
local name = 'out/table.txt'
local file = assert(io.open(name, 'w'))
for i = 1, 5000 do file:write(i, '\t', i ^ 2, '\n') end
file:close()
local sum = 0
for line in io.lines(name) do sum = sum + tonumber(line:match('\t(.*)')) end
print(sum)
assert(os.rename(name, 'out/squares.txt'))
print(io.open(name) == nil, assert(io.open('out/squares.txt')):seek('end'))
print(os.remove('out/nothing') == nil, string.pack('>I4', 7):byte(1, -1))
local scratch = assert(io.tmpfile())
scratch:write('once'); scratch:seek('set', 1); print(scratch:read('a')); scratch:close()
os.exit(3)
