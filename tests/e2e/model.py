"""What a CSMS asks of the device model of 2.x, and what it is told: variables read and set, reports with their parts."""
import subprocess

from stage import TOP, Stage, wait_for


def name(path, evse=None, connector=None):
    """Component.Variable or Component.Variable/Instance as the messages have it."""
    component, _, variable = path.partition(".")
    variable, _, instance = variable.partition("/")
    found = {"component": {"name": component}}
    if evse is not None:
        found["component"]["evse"] = {"id": evse} | ({"connectorId": connector} if connector is not None else {})
    if variable:
        found["variable"] = {"name": variable} | ({"instance": instance} if instance else {})
    return found


def result(answer):
    assert "result" in answer, answer
    return answer["result"]


def brief(entry):
    """(status, reason), the value where there is one."""
    reason = entry.get("attributeStatusInfo", {}).get("reasonCode")
    return entry.get("attributeValue", (entry["attributeStatus"], reason))


def get(charger, *items):
    data = [i if isinstance(i, dict) else name(i) for i in items]
    answer = result(charger.csms.call(charger.station, "GetVariables", {"getVariableData": data}))
    for asked, told in zip(data, answer["getVariableResult"], strict=True):
        assert {k: told.get(k) for k in asked} == asked  # each under the name that it was asked by
    return [brief(entry) for entry in answer["getVariableResult"]]


def put(charger, *pairs):
    data = [{**(i if isinstance(i, dict) else name(i)), "attributeValue": value} for i, value in pairs]
    answer = result(charger.csms.call(charger.station, "SetVariables", {"setVariableData": data}))
    assert [(e["component"], e["variable"]) for e in answer["setVariableResult"]] == \
        [(e["component"], e["variable"]) for e in data]
    return [brief(entry) for entry in answer["setVariableResult"]]


def error(charger, action, payload):
    return charger.csms.call(charger.station, action, payload)["error"]["code"]


def ask(charger, request_id, base=None, **more):
    """Asks for a report; the status."""
    action, more = ("GetBaseReport", {"reportBase": base}) if base else ("GetReport", more)
    return result(charger.csms.call(charger.station, action, {"requestId": request_id, **more}))["status"]


def parts(charger, request_id):
    """Of a report, as often as they were sent."""
    return [p for p in charger.payloads("NotifyReport") if p["requestId"] == request_id]


def until_told(charger, request_id, seconds=60.0):
    wait_for(lambda: any(not p["tbc"] for p in parts(charger, request_id)), f"the end of report {request_id}", seconds)


def report(charger, request_id):
    """Every variable of a report that was told: {(component, evse, connector, variable, instance): item}."""
    until_told(charger, request_id)
    told, items = parts(charger, request_id), {}
    assert [p["seqNo"] for p in told] == list(range(len(told)))
    assert [p["tbc"] for p in told] == [True] * (len(told) - 1) + [False]
    for item in (i for p in told for i in p["reportData"]):
        evse = item["component"].get("evse", {})
        key = (item["component"]["name"], evse.get("id"), evse.get("connectorId"), item["variable"]["name"],
               item["variable"].get("instance"))
        assert key not in items
        items[key] = item
    return items


def check_schemas(charger):
    checked = subprocess.run(["node", TOP / "tests/e2e/check-trace.js", "--station-only", charger.csms.trace],
                             capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout[-4000:] + checked.stderr


def registered(charger):
    charger.boot()
    wait_for(lambda: "accepted the station" in charger.log(), "BootNotification to be accepted")


def two_connectors(keys, version, **station):
    """A charger with two connectors, for what leaves no trace in it. That every frame is valid by the official schemas is
    judged at its end."""
    with Stage(keys, station={"connectors": 2, **station}, csms={"protocols": version}) as charger:
        registered(charger)
        wait_for(lambda: get(charger, "ChargingStation.BootedSlot") == ["rootfs.0"], "the slot")  # the last to be known
        yield charger
        check_schemas(charger)
