-- Asks Mirador's enforcer about a request. Sets txn.mirador_status (200 where the
-- request passes), txn.mirador_reason and txn.mirador_retry.

local url = os.getenv("MIRADOR_DECIDE_URL") or "http://127.0.0.1:8091/v1/decide"
local token = os.getenv("MIRADOR_ENFORCER_TOKEN") or ""
local timeout = 100 -- ms that a silent enforcer can cost a request
local pause = 2 -- s in which it is not asked after that

local silent_until = 0

-- Headers whose values may be the target of an action.
local credentials = { "authorization", "cookie", "x-api-key", "api-key", "x-auth-token" }

local function milliseconds()
  local now = core.now()
  return now.sec * 1000 + now.usec / 1000
end

core.register_action("mirador_decide", { "http-req" }, function(txn)
  txn:set_var("txn.mirador_status", 200)
  if core.now().sec < silent_until then
    return
  end
  local asked = {
    ["x-mirador-token"] = { token },
    ["x-mirador-client-ip"] = { txn.f:src() },
    ["x-forwarded-host"] = { txn.sf:req_hdr("host") },
    ["x-forwarded-uri"] = { txn.sf:pathq() },
  }
  local have = txn.http:req_get_headers()
  for _, name in ipairs(credentials) do
    local values = have[name]
    if values then
      local list = {}
      for i = 0, #values do
        list[#list + 1] = values[i]
      end
      asked[name] = list
    end
  end
  -- In a task of its own: HAProxy's client tries again by itself, up to seconds,
  -- where nobody listens.
  local reply = {}
  core.register_task(function()
    local ok, answer = pcall(function()
      return core.httpclient():get({ url = url, headers = asked, timeout = timeout })
    end)
    reply.answer = ok and answer or nil
    reply.done = true
  end)
  local begun = milliseconds()
  while not reply.done and milliseconds() - begun < timeout do
    core.msleep(1)
  end
  local answer = reply.answer
  if not answer or answer.status == 0 or answer.status >= 500 then
    silent_until = core.now().sec + pause
    return
  end
  local status = answer.status
  if status == 401 or status == 403 or status == 429 then
    local function header(name)
      local v = answer.headers and answer.headers[name]
      return v and v[0] or ""
    end
    txn:set_var("txn.mirador_status", status)
    txn:set_var("txn.mirador_reason", header("x-mirador-reason"))
    txn:set_var("txn.mirador_retry", header("retry-after"))
  end
end)
