-- Health of dial plans, mailbox policies, gateways and mailboxes in Argo CD, from what every one of them says in its status.

if obj.spec ~= nil and obj.spec.suspend then
  return {status = "Suspended", message = "spec.suspend: changes wait, delivery goes on"}
end

local health = {status = "Progressing", message = "Waiting for the operator"}
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions or {}) do
  conditions[condition.type] = condition
end
local function holds(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end

local ready = conditions.Ready
if ready == nil then
  return health
end
health.message = ready.reason .. ": " .. ready.message
if holds("Reconciling") then
  health.message = conditions.Reconciling.reason .. ": " .. conditions.Reconciling.message
elseif holds("Stalled") or ready.status == "False" then
  health.status = "Degraded"
elseif holds("Ready") and holds("Held") then
  -- In force but for what the guard of the dial plan holds back until somebody approves it.
  health.status = "Suspended"
  health.message = conditions.Held.reason .. ": " .. conditions.Held.message
elseif holds("Ready") then
  health.status = "Healthy"
end
return health
