-- Asks Mirador's enforcer about a request. Sets txn.mirador_status (200 where the
-- request passes), txn.mirador_reason and txn.mirador_retry.

local url = os.getenv("MIRADOR_DECIDE_URL") or "http://127.0.0.1:8091/v1/decide"
local token = os.getenv("MIRADOR_ENFORCER_TOKEN") or ""
local timeout = 100 -- ms that a silent enforcer can cost a request

-- Headers whose values may be the target of an action.
local credentials = { "authorization", "cookie", "x-api-key", "api-key", "x-auth-token" }

core.register_action("mirador_decide", { "http-req" }, function(txn)
  txn:set_var("txn.mirador_status", 200)
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
  -- A request of its own a decision: the client of core must not be used twice.
  local ok, answer = pcall(function()
    return core.httpclient():get({ url = url, headers = asked, timeout = timeout })
  end)
  if not ok or not answer then
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
