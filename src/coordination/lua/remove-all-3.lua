-- Removes all records, lists and leases under a prefix. May be fenced.
--
-- KEYS[1] the index of records
-- KEYS[2] the index of lists
-- KEYS[3] the index of leases
-- ARGV[1] prefix as the caller knows it
-- ARGV[2], ARGV[3], ARGV[4] what goes before a caller's key to make the key of its record, list, lease
-- ARGV[5] channel of changes
--
-- how many there were
local count = 0
for kind = 1, 3 do
  local keys = redis.call('ZRANGEBYLEX', KEYS[kind], '[' .. ARGV[1], '(' .. ARGV[1] .. '\255')
  for _, key in ipairs(keys) do
    redis.call('ZREM', KEYS[kind], key)
    if redis.call('DEL', ARGV[kind + 1] .. key) == 1 then
      count = count + 1
      redis.call('PUBLISH', ARGV[5], key)
    end
  end
end
return count
