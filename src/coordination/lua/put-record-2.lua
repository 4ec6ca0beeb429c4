-- Writes a record whatever is there. May be fenced.
--
-- KEYS[1] the record (hash: version, value)
-- KEYS[2] the index of records (sorted set, all scores 0)
-- ARGV[1] key as the caller knows it
-- ARGV[2] value
-- ARGV[3] milliseconds after which it goes by itself, 0 for never
-- ARGV[4] channel of changes (notified only when the record does not expire)
--
-- version written
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'value', ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
if tonumber(ARGV[3]) > 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
else
  redis.call('PERSIST', KEYS[1])
  redis.call('PUBLISH', ARGV[4], ARGV[1])
end
return version
