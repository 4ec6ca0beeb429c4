-- Gives a lease back. The epoch stays for the next holder to exceed.
--
-- KEYS[1] the lease (hash: holder, epoch, value, endsAtMs)
-- ARGV[1] key as the caller knows it
-- ARGV[2] holder
-- ARGV[3] channel of changes
--
-- 1 released, 0 the caller did not hold it
local now = redis.call('TIME')
local nowMs = now[1] * 1000 + math.floor(now[2] / 1000)
local found = redis.call('HMGET', KEYS[1], 'holder', 'endsAtMs')
if found[1] ~= ARGV[2] or tonumber(found[2]) <= nowMs then return 0 end
redis.call('HSET', KEYS[1], 'holder', '', 'value', 'null')
redis.call('PUBLISH', ARGV[3], ARGV[1])
return 1
