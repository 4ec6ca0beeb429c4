-- Takes or renews a lease.
--
-- The epoch grows with every change of holder. It is never below the server's time in seconds, so that it
-- does not repeat even when the lease was forgotten: removed, lost with an emptied server, or with the last
-- second before a power cut. A holder that let its lease run out and takes it again while no other did gets a
-- new epoch as well: it may have been asleep while others looked.
--
-- KEYS[1] the lease (hash: holder, epoch, value, endsAtMs)
-- KEYS[2] the index of leases (sorted set, all scores 0)
-- ARGV[1] key as the caller knows it
-- ARGV[2] holder
-- ARGV[3] milliseconds from now to the end of the lease
-- ARGV[4] value
-- ARGV[5] channel of changes (notified of a new epoch or value, not of a mere renewal)
--
-- {epoch}                             held
-- {-1, holder, milliseconds left}     refused: another's has not run out
local now = redis.call('TIME')
local nowMs = now[1] * 1000 + math.floor(now[2] / 1000)
local found = redis.call('HMGET', KEYS[1], 'holder', 'epoch', 'value', 'endsAtMs')
local leftMs = found[1] and found[1] ~= '' and tonumber(found[4]) - nowMs or 0
if leftMs > 0 and found[1] ~= ARGV[2] then return {-1, found[1], leftMs} end

local epoch = tonumber(found[2] or 0)
local isRenewal = leftMs > 0
if not isRenewal then epoch = math.max(epoch + 1, tonumber(now[1])) end
redis.call('HSET', KEYS[1], 'holder', ARGV[2], 'epoch', epoch, 'value', ARGV[4],
  'endsAtMs', string.format('%.0f', nowMs + tonumber(ARGV[3])))
-- A day later no process refers to it any more.
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]) + 86400000)
redis.call('ZADD', KEYS[2], 0, ARGV[1])
if not isRenewal or found[3] ~= ARGV[4] then redis.call('PUBLISH', ARGV[5], ARGV[1]) end
return {epoch}
