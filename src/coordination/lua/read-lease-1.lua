-- Reads the present holder of a lease.
--
-- KEYS[1] the lease (hash: holder, epoch, value, endsAtMs)
--
-- {holder, epoch, value, milliseconds left}, or {} when there is none
local now = redis.call('TIME')
local nowMs = now[1] * 1000 + math.floor(now[2] / 1000)
local found = redis.call('HMGET', KEYS[1], 'holder', 'epoch', 'value', 'endsAtMs')
if not found[1] or found[1] == '' or tonumber(found[4]) <= nowMs then return {} end
return {found[1], tonumber(found[2]), found[3], tonumber(found[4]) - nowMs}
