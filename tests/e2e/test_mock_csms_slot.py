"""mock-csms from outside: the slot that a station has booted, where it tells that."""
import json

import pytest
from mockcsms import BOOT, MockCsms, in_background, wait_until
from wsclient import Station

OURS = {"component": {"name": "ChargingStation"}, "variable": {"name": "BootedSlot"}}


def slot(csms):
    return csms.get("/api/stations/CP1").json["bootedSlot"]


def boot(station):
    assert station.call("BootNotification", json.loads(json.dumps(BOOT[station.protocol])))[0] == 3


def asked(station):
    """What the CSMS asks by itself: the id of its call."""
    call = station.next_call()
    assert call[2:] == (["GetConfiguration", {"key": ["BootedSlot"]}] if station.protocol == "ocpp1.6" else ["GetVariables", {"getVariableData": [OURS]}])
    return call[1]


def result(station, value):
    if station.protocol == "ocpp1.6":
        return {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "9"}, {"key": "bootedslot", "readonly": True, "value": value}]}
    return {"getVariableResult": [OURS | {"attributeStatus": "Accepted", "attributeValue": value}]}


def tell(csms, station, value):
    """The station answers an operator who has asked."""
    old = station.protocol == "ocpp1.6"
    body = {"action": "GetConfiguration", "payload": {}} if old else {"action": "GetVariables", "payload": {"getVariableData": [OURS]}}
    told = in_background(csms.post, "CP1", "call", body)
    station.answer(station.next_call()[1], result(station, value) if isinstance(value, str) else value)
    assert told.result().status == 200


def test_it_is_learned_in_passing_and_asked_after_each_boot(csms, station):
    boot(station)
    assert slot(csms) is None and csms.stations()["CP1"]["bootedSlot"] is None
    tell(csms, station, "rootfs.0")
    assert slot(csms) == "rootfs.0" and csms.stations()["CP1"]["bootedSlot"] == "rootfs.0"
    boot(station)
    question = asked(station)
    assert slot(csms) is None  # until it has said so, it may be another
    station.answer(question, result(station, "rootfs.1"))
    wait_until(lambda: slot(csms) == "rootfs.1")
    boot(station)
    station.refuse(asked(station), "InternalError")
    boot(station)
    station.answer(asked(station), result(station, "rootfs.0"))
    wait_until(lambda: slot(csms) == "rootfs.0")


def test_a_station_that_was_never_heard_of_it_is_not_asked(csms, station):
    for _ in range(3):
        boot(station)
    frames = csms.get("/api/stations/CP1/frames").body.decode()
    assert "BootedSlot" not in frames and slot(csms) is None


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
def test_a_report_tells_it(csms, protocol):
    with Station(csms.port, "CP1", [protocol]) as station:
        boot(station)
        data = [{"component": {"name": "EVSE"}, "variable": {"name": "BootedSlot"}, "variableAttribute": [{"value": "none"}]},
                {"component": {"name": "chargingstation"}, "variable": {"name": "BootedSlot"}, "variableAttribute": [{"value": "rootfs.1", "mutability": "ReadOnly"}]}]
        assert station.call("NotifyReport", {"requestId": 1, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "reportData": data})[0] == 3
        assert slot(csms) == "rootfs.1"


def strange(protocol):
    if protocol == "ocpp1.6":
        return [{"configurationKey": v} for v in (None, 1, "x", {}, [], [1], [{"key": 1}], [{"key": "BootedSlot"}], [{"key": "BootedSlot", "value": 7}])] + [{}]
    items = (1, {}, OURS, OURS | {"attributeStatus": "Rejected", "attributeValue": "x"}, OURS | {"attributeStatus": 1, "attributeValue": "x"},
             OURS | {"component": "ChargingStation", "attributeStatus": "Accepted", "attributeValue": "x"}, OURS | {"attributeStatus": "Accepted", "attributeValue": {}})
    return [{"getVariableResult": v} for v in (None, 1, "x", {}, [])] + [{"getVariableResult": [i]} for i in items] + [{}]


def test_strange_answers_tell_nothing(csms, station):
    boot(station)
    for answer in strange(station.protocol):
        tell(csms, station, answer)
        assert slot(csms) is None, answer
    tell(csms, station, "ä" * 500)
    assert slot(csms) == "ä" * 32


def test_it_is_known_after_a_restart(tmp_path):
    with MockCsms("--state", tmp_path / "state.db") as csms, Station(csms.port, "CP1", ["ocpp1.6"]) as station:
        boot(station)
        tell(csms, station, "rootfs.0")
    with MockCsms("--state", tmp_path / "state.db") as csms, Station(csms.port, "CP1", ["ocpp1.6"]) as station:
        assert slot(csms) == "rootfs.0"
        boot(station)
        asked(station)
