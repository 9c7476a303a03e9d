-- wrk's side: makes the requests of one kind, and prints what it measured as
-- one line of JSON. Arguments: kind, path of the organization, token, its slug,
-- number of users, seed, and what the kind needs beside that.

local names = { "ada", "bjarne", "chidi", "dana", "elif", "farid", "grace",
  "hanna", "ines", "jun", "kofi", "lea", "marek", "noor", "omar", "priya",
  "rosa", "sven", "tariq", "uma", "vera", "wen", "xenia", "yusuf", "zoe" }
local families = { "adeyemi", "bjork", "castillo", "dubois", "eriksen",
  "fischer", "garcia", "haddad", "ivanov", "jensen", "kowalski", "larsen",
  "mensah", "novak", "oliveira", "petrov", "quinn", "rossi", "silva", "tanaka",
  "ueda", "visser", "weber", "xu", "yilmaz", "zhang" }

local kind, base, slug, users, extra
local prepared, made = {}, 0

local function id_of(n)
  return string.format("019a0000-0000-7000-8000-%012x", n)
end

local function login_of(n)
  return names[n % 25 + 1] .. "." .. families[math.floor(n / 25) % 26 + 1] .. n
    .. "@" .. slug .. ".example"
end

local function filter_of(attribute, value)
  return base .. "/Users?filter=" .. attribute .. "%20eq%20%22" .. value
    .. "%22"
end

-- What can be made before the clock runs: a thousand of the same kind.
local paths = {
  file = function() return base end,
  get = function(n) return base .. "/Users/" .. id_of(n) end,
  username = function(n) return filter_of("userName", login_of(n)) end,
  email = function(n) return filter_of("emails.value", login_of(n)) end,
  external = function(n) return filter_of("externalId", extra[n]) end,
  list = function() return base .. "/Users?count=100&startIndex=" .. extra end,
}

-- What has to differ from one request to the next.
local patch = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],'
  .. '"Operations":[%s]}'
local function bulk_of(n)
  local operations = {}
  for i = 1, 1000 do
    operations[i] = '{"method":"POST","path":"/Users","bulkId":"' .. i
      .. '","data":' .. extra:gsub("@@", n * 1000 + i) .. "}"
  end
  return '{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],'
    .. '"Operations":[' .. table.concat(operations, ",") .. "]}"
end

local writes = {
  bulk = function(n)
    return "POST", base .. "/Bulk", bulk_of(n)
  end,
  post = function(n)
    return "POST", base .. "/Users", (extra:gsub("@@", n))
  end,
  patch = function(n)
    return "PATCH", base .. "/Users/" .. id_of(math.random(users)),
      string.format(patch, '{"op":"replace","path":"title","value":"title '
        .. n .. '"}')
  end,
  member = function(n)
    return "PATCH", base .. "/Groups/" .. extra, string.format(patch,
      '{"op":"add","path":"members","value":[{"value":"' .. id_of(users + n)
        .. '"}]}')
  end,
}

-- A Bulk is 200 whatever becomes of its operations.
local function check_bulk(status, headers, body)
  if status == 200 and body:find('"status":"[^2]') then
    io.stderr:write("an operation of a Bulk was refused\n")
    os.exit(1)
  end
end

local function read_extra(text)
  if kind == "external" then
    local values = {}
    for line in io.lines(text) do
      values[#values + 1] = line
    end
    return values
  end
  if kind == "post" or kind == "bulk" then
    return io.open(text):read("*a")
  end
  return text
end

function init(args)
  kind, base, slug, users = args[1], args[2], args[4], tonumber(args[5])
  math.randomseed(tonumber(args[6]))
  extra = read_extra(args[7])
  if kind ~= "file" then
    wrk.headers["Authorization"] = "Bearer " .. args[3]
  end
  if writes[kind] then
    wrk.headers["Content-Type"] = "application/scim+json"
    made = tonumber(args[8] or 0)
    response = kind == "bulk" and check_bulk or nil
    return
  end
  for i = 1, 1000 do
    local n = math.random(kind == "external" and #extra or users)
    prepared[i] = wrk.format("GET", paths[kind](n))
  end
end

function request()
  made = made + 1
  if writes[kind] then
    local method, path, body = writes[kind](made)
    return wrk.format(method, path, nil, body)
  end
  return prepared[made % 1000 + 1]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"seconds":%.6f,"errors":%d,'
    .. '"broken":%d,"p50":%d,"p99":%d}\n', summary.requests,
    summary.duration / 1e6, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
