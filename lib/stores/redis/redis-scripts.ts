/** The scripts that run inside Redis, where nothing comes between two steps. Each touches the one key of one user. */
import { createHash } from 'node:crypto';

/** A script and the name that Redis knows it by. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): RedisScript => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/*
 * One hash a user. A login is the field `<22 characters of its id>`, "version:startedAt:lastSeenAt:endsAt:text"; its session
 * values are the field with ":v" behind it; a noted theft is the field "theft". The text is never taken apart here: cjson
 * turns an empty list into an empty object.
 */
const HEAD = String.raw`'^(%d+):(%d+):(%d+):(%d+):(.*)$'`;

/** Lets the key live until `ends` at least. A key without a time to live answers -1, and PEXPIRE GT would leave it without one. */
const KEEP = `
local function keep(ends, now)
  local ttl = math.max(1, math.ceil(ends - now))
  if redis.call('PTTL', KEYS[1]) < ttl then redis.call('PEXPIRE', KEYS[1], ttl) end
end`;

/** ARGV: field, head and text, values or '', now, endsAt, most, 'evict-oldest' or 'refuse', leaving fields. Answers inserted, theft, evicted. */
export const INSERT: RedisScript = script(`${KEEP}
local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', KEYS[1]) end
local field, record, values, now, ends, most, full = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local there = redis.call('HGET', KEYS[1], field)
-- A client that reconnects may send the same command twice.
if there == record then return { 1, '' } end
if there then return redis.error_reply('ERR a login with this id is there already') end
local leaving = {}
for at = 8, #ARGV do leaving[ARGV[at]] = true end
local counted = {}
for _, other in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #other == 22 then
    local _, _, seen, over = string.match(redis.call('HGET', KEYS[1], other), ${HEAD})
    if not over or tonumber(over) <= now then redis.call('HDEL', KEYS[1], other, other .. ':v')
    elseif not leaving[other] then counted[#counted + 1] = { other, tonumber(seen) } end
  end
end
local many = #counted + 1 - most
if many > 0 and full == 'refuse' then return { 0, '' } end
table.sort(counted, function(one, two) return one[2] < two[2] end)
local theft = redis.call('HGET', KEYS[1], 'theft')
local answer = { 1, theft or '' }
for at = 1, math.min(many, #counted) do
  redis.call('HDEL', KEYS[1], counted[at][1], counted[at][1] .. ':v')
  answer[#answer + 1] = counted[at][1]
end
redis.call('HDEL', KEYS[1], 'theft')
redis.call('HSET', KEYS[1], field, record)
if values ~= '' then redis.call('HSET', KEYS[1], field .. ':v', values) end
keep(ends, now)
return answer`);

/** ARGV: field, expected version, new version, startedAt, lastSeenAt, endsAt, text, now, 'keep', 'drop' or 'set', values. Answers 1 or 0. */
export const REPLACE: RedisScript = script(`${KEEP}
local current = redis.call('HGET', KEYS[1], ARGV[1])
if not current then return 0 end
local version, _, seen, ends = string.match(current, ${HEAD})
if version ~= ARGV[2] then return 0 end
local later = function(one, two) if tonumber(one) > tonumber(two) then return one end return two end
seen, ends = later(seen, ARGV[5]), later(ends, ARGV[6])
redis.call('HSET', KEYS[1], ARGV[1], table.concat({ ARGV[3], ARGV[4], seen, ends, ARGV[7] }, ':'))
if ARGV[9] == 'drop' then redis.call('HDEL', KEYS[1], ARGV[1] .. ':v')
elseif ARGV[9] == 'set' then redis.call('HSET', KEYS[1], ARGV[1] .. ':v', ARGV[10]) end
keep(tonumber(ends), tonumber(ARGV[8]))
return 1`);

/** ARGV: field, lastSeenAt, endsAt, now. */
export const TOUCH: RedisScript = script(`${KEEP}
local current = redis.call('HGET', KEYS[1], ARGV[1])
if not current then return 0 end
local version, started, seen, ends, text = string.match(current, ${HEAD})
if not version then return 0 end
if tonumber(ARGV[2]) > tonumber(seen) then seen = ARGV[2] end
if tonumber(ARGV[3]) > tonumber(ends) then ends = ARGV[3] end
redis.call('HSET', KEYS[1], ARGV[1], table.concat({ version, started, seen, ends, text }, ':'))
keep(tonumber(ends), tonumber(ARGV[4]))
return 1`);

/** ARGV: field, startedAt, values. Answers 1 or 0. */
export const SAVE_VALUES: RedisScript = script(`
local current = redis.call('HGET', KEYS[1], ARGV[1])
if not current then return 0 end
local _, started = string.match(current, ${HEAD})
if started ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1] .. ':v', ARGV[3])
return 1`);

/** ARGV: field, theftSeenAt, milliseconds that the note is kept. Answers 1 or 0. */
export const DELETE_FOR_THEFT: RedisScript = script(`${KEEP}
if redis.call('HDEL', KEYS[1], ARGV[1], ARGV[1] .. ':v') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'theft', ARGV[2])
keep(tonumber(ARGV[3]), 0)
return 1`);

/** ARGV: now. Answers field, record, field, record ...; what has ended goes. */
export const LIST: RedisScript = script(`
local answer = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #field == 22 then
    local record = redis.call('HGET', KEYS[1], field)
    local _, _, _, ends = string.match(record, ${HEAD})
    if ends and tonumber(ends) <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], field, field .. ':v')
    else answer[#answer + 1] = field; answer[#answer + 1] = record end
  end
end
return answer`);

/** ARGV: a field that stays, or ''. Answers the fields of the logins that were ended. */
export const DELETE_ALL: RedisScript = script(`
local ended = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #field == 22 and field ~= ARGV[1] then
    redis.call('HDEL', KEYS[1], field, field .. ':v')
    ended[#ended + 1] = field
  end
end
return ended`);
