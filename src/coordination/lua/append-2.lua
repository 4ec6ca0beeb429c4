-- Appends to a list and drops the oldest beyond a maximum. May be fenced.
--
-- KEYS[1] the list
-- KEYS[2] the index of lists (sorted set, all scores 0)
-- ARGV[1] key as the caller knows it
-- ARGV[2] value
-- ARGV[3] how many to keep, at least 1
--
-- how many there are now
redis.call('RPUSH', KEYS[1], ARGV[2])
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[3]), -1)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
return redis.call('LLEN', KEYS[1])
