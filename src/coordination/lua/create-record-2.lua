-- Writes a record where there is none.
--
-- KEYS[1] the record (hash: version, value)
-- KEYS[2] the index of records (sorted set, all scores 0)
-- ARGV[1] key as the caller knows it
-- ARGV[2] value
-- ARGV[3] channel of changes
--
-- {version}                    written
-- {-1, version found, value}   conflict: there is one
local found = redis.call('HMGET', KEYS[1], 'version', 'value')
if found[1] then return {-1, tonumber(found[1]), found[2]} end
redis.call('HSET', KEYS[1], 'version', 1, 'value', ARGV[2])
redis.call('ZADD', KEYS[2], 0, ARGV[1])
redis.call('PUBLISH', ARGV[3], ARGV[1])
return {1}
