-- Removes whatever a key names: a record, a list, a lease. May be fenced.
--
-- KEYS[1], KEYS[2] the record and the index of records
-- KEYS[3], KEYS[4] the list and the index of lists
-- KEYS[5], KEYS[6] the lease and the index of leases
-- ARGV[1] key as the caller knows it
-- ARGV[2] channel of changes
--
-- 1 removed, 0 nothing was there
local removed = redis.call('DEL', KEYS[1], KEYS[3], KEYS[5])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[6], ARGV[1])
if removed == 0 then return 0 end
redis.call('PUBLISH', ARGV[2], ARGV[1])
return 1
