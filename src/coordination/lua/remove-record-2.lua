-- Removes a record, if it has the version that the caller has read.
--
-- KEYS[1] the record (hash: version, value)
-- KEYS[2] the index of records
-- ARGV[1] key as the caller knows it
-- ARGV[2] the version it must have
-- ARGV[3] channel of changes
--
--  1  removed
--  0  nothing was there
-- -1  another version is there
local version = redis.call('HGET', KEYS[1], 'version')
if not version then return 0 end
if version ~= ARGV[2] then return -1 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('PUBLISH', ARGV[3], ARGV[1])
return 1
