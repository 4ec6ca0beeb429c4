-- Goes before a script that says it may be fenced: nothing is done unless the caller's lease is held under
-- its epoch, and has not run out. The caller may have slept since it last knew.
--
-- KEYS[#KEYS] the lease (hash: holder, epoch, value, endsAtMs)
-- ARGV[#ARGV] the epoch under which the caller acts
--
-- 'FENCED'    refused
local lease = redis.call('HMGET', KEYS[#KEYS], 'holder', 'epoch', 'endsAtMs')
local time = redis.call('TIME')
if not lease[1] or lease[1] == '' or lease[2] ~= ARGV[#ARGV]
    or tonumber(lease[3]) <= time[1] * 1000 + math.floor(time[2] / 1000) then
  return redis.status_reply('FENCED')
end
