-- All records under a prefix in key order. Forgets those that have expired.
--
-- KEYS[1] the index of records (sorted set, all scores 0)
-- ARGV[1] prefix as the caller knows it
-- ARGV[2] what goes before a caller's key to make the key of its record
--
-- {key, version, value, key, version, value, ...}
local reply = {}
local keys = redis.call('ZRANGEBYLEX', KEYS[1], '[' .. ARGV[1], '(' .. ARGV[1] .. '\255')
for _, key in ipairs(keys) do
  local record = redis.call('HMGET', ARGV[2] .. key, 'version', 'value')
  if record[1] then
    reply[#reply + 1] = key
    reply[#reply + 1] = tonumber(record[1])
    reply[#reply + 1] = record[2]
  else
    redis.call('ZREM', KEYS[1], key)
  end
end
return reply
