/**
 * The scripts that run inside Redis. No other command runs between two of their steps. Each uses the one key of one
 * user.
 */
import { createHash } from 'node:crypto';

/** A script, and the hash by which Redis knows it. */
export interface RedisScript {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): RedisScript => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/*
 * Each user has one hash. A login is the field `<22 characters of its id>`: "version:startedAt:lastSeenAt:endsAt:text".
 * Its session values are the field with ":v" behind it. A noted theft is the field "theft". No script parses the text,
 * because cjson turns an empty list into an empty object.
 */
const HEAD = String.raw`'^(%d+):(%d+):(%d+):(%d+):(.*)$'`;

/** Captures lastSeenAt and endsAt alone. Capturing the text as well would copy it for each login that is read. */
const TIMES = String.raw`'^%d+:%d+:(%d+):(%d+):'`;

/**
 * Keeps the key until `ends` at least. PTTL is -1 for a key without a time to live, and PEXPIRE GT would give it none.
 */
const KEEP = `
local function keep(ends, now)
  local ttl = math.max(1, math.ceil(ends - now))
  if redis.call('PTTL', KEYS[1]) < ttl then redis.call('PEXPIRE', KEYS[1], ttl) end
end`;

/**
 * Deletes the expired logins of a user, then evicts the oldest ones that exceed the cap. Returns the evicted fields, or
 * nil where the insert is refused. Reads the ARGV of INSERT.
 */
const MAKE_ROOM = `
local function makeRoom(now, most)
  local excluded, counted, evicted = {}, {}, {}
  for at = 8, #ARGV do excluded[ARGV[at]] = true end
  for _, other in ipairs(redis.call('HKEYS', KEYS[1])) do
    if #other == 22 then
      local seen, ends = string.match(redis.call('HGET', KEYS[1], other), ${TIMES})
      if not ends or tonumber(ends) <= now then redis.call('HDEL', KEYS[1], other, other .. ':v')
      elseif not excluded[other] then counted[#counted + 1] = { other, tonumber(seen) } end
    end
  end

  local many = #counted + 1 - most
  if many <= 0 then return evicted end
  if ARGV[7] == 'refuse' then return nil end
  table.sort(counted, function(one, two) return one[2] < two[2] end)
  for at = 1, math.min(many, #counted) do
    evicted[at] = counted[at][1]
    redis.call('HDEL', KEYS[1], evicted[at], evicted[at] .. ':v')
  end
  return evicted
end`;

/**
 * Inserts a record. ARGV: field, head and text, values or '', now, endsAt, most, 'evict-oldest' or 'refuse', excluded
 * fields. Returns inserted, theft, evicted.
 */
export const INSERT: RedisScript = script(`${KEEP}${MAKE_ROOM}
local field, record, values, now, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[6])

-- A value of another type makes way. Every other error is passed on.
local known = redis.pcall('HMGET', KEYS[1], field, 'theft')
if known.err then
  if not string.find(known.err, 'WRONGTYPE', 1, true) then return known end
  redis.call('DEL', KEYS[1])
end

-- A client that reconnects may send the same command twice.
if known[1] == record then return { 1, '' } end
if known[1] then return redis.error_reply('ERR a login with this id is there already') end

-- Each login is at least one field. Fewer fields than the cap mean room, and no other login is read.
local evicted = {}
if redis.call('HLEN', KEYS[1]) >= most then evicted = makeRoom(now, most) end
if not evicted then return { 0, '' } end

if known[2] then redis.call('HDEL', KEYS[1], 'theft') end
if values == '' then redis.call('HSET', KEYS[1], field, record)
else redis.call('HSET', KEYS[1], field, record, field .. ':v', values) end
keep(tonumber(ARGV[5]), now)

local answer = { 1, known[2] or '' }
for _, other in ipairs(evicted) do answer[#answer + 1] = other end
return answer`);

/**
 * Replaces a record. ARGV: field, expected version, new version, startedAt, lastSeenAt, endsAt, text, now, 'keep',
 * 'drop' or 'set', values. Returns 1 or 0.
 */
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

/** Moves the times of a login. ARGV: field, lastSeenAt, endsAt, now. Returns 1 or 0. */
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

/** Saves session values. ARGV: field, startedAt, values. Returns 1 or 0. */
export const SAVE_VALUES: RedisScript = script(`
local current = redis.call('HGET', KEYS[1], ARGV[1])
if not current then return 0 end
local _, started = string.match(current, ${HEAD})
if started ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1] .. ':v', ARGV[3])
return 1`);

/**
 * Deletes a login and notes a theft. ARGV: field, theftSeenAt, lifetime of the note in milliseconds. Returns 1 or 0.
 */
export const DELETE_FOR_THEFT: RedisScript = script(`${KEEP}
if redis.call('HDEL', KEYS[1], ARGV[1], ARGV[1] .. ':v') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'theft', ARGV[2])
keep(tonumber(ARGV[3]), 0)
return 1`);

/** Lists the logins of a user, and deletes expired ones. ARGV: now. Returns field, record, field, record ... */
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

/** Deletes the logins of a user. ARGV: a field that stays, or ''. Returns the deleted fields. */
export const DELETE_ALL: RedisScript = script(`
local deleted = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if #field == 22 and field ~= ARGV[1] then
    redis.call('HDEL', KEYS[1], field, field .. ':v')
    deleted[#deleted + 1] = field
  end
end
return deleted`);
