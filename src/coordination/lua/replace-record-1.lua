-- Writes a record over the version that the caller has read. A record that would expire no longer does.
--
-- KEYS[1] the record (hash: version, value)
-- ARGV[1] key as the caller knows it
-- ARGV[2] the version it must have
-- ARGV[3] value
-- ARGV[4] channel of changes
--
-- {version}                    written
-- {-1, version found, value}   conflict: another version is there
-- {-2}                         conflict: nothing is there
local found = redis.call('HMGET', KEYS[1], 'version', 'value')
if not found[1] then return {-2} end
if found[1] ~= ARGV[2] then return {-1, tonumber(found[1]), found[2]} end
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'value', ARGV[3])
redis.call('PERSIST', KEYS[1])
redis.call('PUBLISH', ARGV[4], ARGV[1])
return {version}
