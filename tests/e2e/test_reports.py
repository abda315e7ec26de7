"""Reports of the device model of 2.x: what belongs to one, its parts and their limits, and what becomes of it when
connections break. The real programs; see stage.py."""
import base64
import hashlib
import json
import re
import signal
import socket
import threading
import time

import pytest

from model import ask, check_schemas, error, get, name, parts, put, registered, report, two_connectors, until_told
from stage import Stage, wait_for

CONNECTORS = 200
ITEMS, BYTES = 50, 16384  # ItemsPerMessage and BytesPerMessage of reports
REPORTS_AT_ONCE = 4
MEASURANDS = "Current.Export,Current.Import,Power.Active.Export,Power.Active.Import,SoC,Voltage"
WRITABLE = {"ReadWrite", "WriteOnly"}


@pytest.fixture(name="two", scope="module", params=["ocpp2.0.1", "ocpp2.1"])
def start_two(keys, request):
    yield from two_connectors(keys, request.param)


def test_full_inventory(two):
    assert ask(two, 1, "FullInventory") == "Accepted"
    items = report(two, 1)
    for key in [("ChargingStation", None, None, "Model", None), ("EVSE", 1, None, "Power", None),
                ("EVSE", 2, None, "AvailabilityState", None), ("Connector", 2, 1, "ConnectorType", None),
                ("OCPPCommCtrlr", None, None, "MessageTimeout", "Default"), ("ClockCtrlr", None, None, "DateTime", None)]:
        assert key in items
    assert not {k[1] for k in items} - {None, 1, 2}
    # what is told is what can be read
    for (component, evse, connector, variable, instance), item in items.items():
        attribute, = item["variableAttribute"]
        asked = name(f"{component}.{variable}" + (f"/{instance}" if instance else ""), evse, connector)
        told = get(two, asked)[0]
        if variable == "DateTime":
            assert told[:10] == attribute["value"][:10]
        else:
            assert attribute.get("value", ("Rejected", "WriteOnly" if attribute["mutability"] == "WriteOnly"
                                           else "MissingDevModelInfo")) == told
        assert item["variableCharacteristics"]["supportsMonitoring"] is False
        assert attribute["persistent"] or attribute["mutability"] == "ReadOnly"
        if item["variableCharacteristics"]["dataType"].endswith("List"):
            values = set(item["variableCharacteristics"].get("valuesList", "").split(","))
            assert set(filter(None, attribute["value"].split(","))) <= values
    heartbeat = items["OCPPCommCtrlr", None, None, "HeartbeatInterval", None]
    assert heartbeat["variableCharacteristics"] == {
        "dataType": "integer", "unit": "s", "minLimit": 1, "maxLimit": 86400, "supportsMonitoring": False}
    state = items["EVSE", 1, None, "AvailabilityState", None]["variableCharacteristics"]
    assert state["dataType"] == "OptionList" and "Available" in state["valuesList"].split(",")
    assert "maxLimit" not in items["EVSE", 1, None, "Power", None]["variableCharacteristics"]


def test_configuration_inventory(two):
    assert ask(two, 2, "ConfigurationInventory") == "Accepted"
    assert ask(two, 3, "FullInventory") == "Accepted"
    full = report(two, 3)
    assert report(two, 2).keys() == {k for k, i in full.items() if i["variableAttribute"][0]["mutability"] in WRITABLE}


def test_summary_inventory(two):
    assert ask(two, 4, "SummaryInventory") == "Accepted"
    assert {(c, e, v) for c, e, _, v, _ in report(two, 4)} == {
        (c, e, "AvailabilityState") for c, e in
        [("ChargingStation", None), ("EVSE", 1), ("EVSE", 2), ("Connector", 1), ("Connector", 2)]}


PLACES = [("EVSE", 1), ("EVSE", 2), ("Connector", 1), ("Connector", 2)]


@pytest.mark.parametrize("more,wanted", [
    ({"componentVariable": [name("TxCtrlr")]},
     {("TxCtrlr", None, v) for v in ("EVConnectionTimeOut", "StopTxOnEVSideDisconnect", "StopTxOnInvalidId",
                                     "TxStartPoint", "TxStopPoint")}),
    ({"componentVariable": [name("evse.available")]}, {("EVSE", 1, "Available"), ("EVSE", 2, "Available")}),
    ({"componentVariable": [name("EVSE.Available", 2), name("Connector.Available", 1), name("Coffee")]},
     {("EVSE", 2, "Available"), ("Connector", 1, "Available")}),
    ({"componentVariable": [name("DeviceDataCtrlr.ItemsPerMessage/GetReport")]},
     {("DeviceDataCtrlr", None, "ItemsPerMessage")}),
    ({"componentVariable": [name("EVSE.Available", 1), name("ClockCtrlr.TimeSource")],
      "componentCriteria": ["Available"]}, {("EVSE", 1, "Available"), ("ClockCtrlr", None, "TimeSource")}),
    ({"componentVariable": [name("EVSE.Available", 1)], "componentCriteria": ["Problem", "Enabled"]},
     {("EVSE", 1, "Available")}),
    ({"componentVariable": [name("Coffee")]}, None),
    ({"componentVariable": [name("EVSE.Coffee")]}, None),
    ({"componentVariable": [name("EVSE", 3)]}, None),
    ({"componentCriteria": ["Problem"]}, None),
])
def test_chosen_variables(two, more, wanted):
    number = 1000 + len(two.payloads("NotifyReport"))
    if wanted is None:
        assert ask(two, number, **more) == "EmptyResultSet"
        two.beat()
        assert not parts(two, number)
    else:
        assert ask(two, number, **more) == "Accepted"
        assert {(c, e, v) for c, e, _, v, _ in report(two, number)} == wanted


def test_criterion_that_is_none(two):
    """Alone, and beside one that there is."""
    for criteria in ["Blue"], ["Available", "Blue"], ["available"], [""]:
        assert ask(two, 6, componentCriteria=criteria) == "NotSupported"
    two.beat()
    assert not parts(two, 6)


def test_bad_requests_for_reports(two):
    assert error(two, "GetBaseReport", {"requestId": 1, "reportBase": "NoInventory"}) == "PropertyConstraintViolation"
    assert error(two, "GetReport", {"requestId": 1, "componentVariable": [name("EVSE")] * (ITEMS + 1)}) == \
        "OccurrenceConstraintViolation"  # B08.FR.17
    assert error(two, "GetReport", {"requestId": 1, "componentVariable": [name("EVSE")],
                                    "customData": {"vendorId": "v", "much": "x" * BYTES}}) == "FormatViolation"
    two.beat()


@pytest.fixture(name="many", scope="module")
def start_many(keys):
    """A charger with many connectors, for what leaves no trace in it."""
    with Stage(keys, station={"connectors": CONNECTORS}) as charger:
        registered(charger)
        wait_for(lambda: len(charger.connectors()) == CONNECTORS, "all connectors to be told of")
        yield charger
        check_schemas(charger)


def frame_sizes(charger):
    """Of the parts of reports, with the least that JSON can be written in."""
    return [len(json.dumps(f, separators=(",", ":"), ensure_ascii=False).encode()) for f in charger.sent()
            if f[0] == 2 and f[2] == "NotifyReport"]


def test_parts_have_their_limits(many):
    lists = ["AlignedDataCtrlr.Measurands", "AlignedDataCtrlr.TxEndedMeasurands",
             *(f"SampledDataCtrlr.Tx{when}Measurands" for when in ("Started", "Updated", "Ended"))]
    assert put(many, ("SecurityCtrlr.OrganizationName", "\u20ac" * 500),
               *((item, MEASURANDS) for item in lists)) == [("Accepted", None)] * 6
    assert ask(many, 1, "FullInventory") == "Accepted"
    items = report(many, 1)
    assert len([k for k in items if k[0] == "Connector" and k[3] == "ConnectorType"]) == CONNECTORS
    counts = [len(p["reportData"]) for p in parts(many, 1)]
    sizes = frame_sizes(many)
    assert max(counts) == ITEMS
    assert max(sizes) <= BYTES
    # all but the last are full in one way or the other: some by their items, some by their bytes
    by_bytes = [size for size, count in zip(sizes[:-1], counts[:-1]) if count < ITEMS]
    assert by_bytes and min(by_bytes) > BYTES / 2
    assert ITEMS in counts[:-1]


def test_reports_come_one_after_the_other(many):
    """… as many as are taken; another is refused, and later it is not."""
    many.csms.fault(many.station, action="NotifyReport", kind="late", seconds=1, times=1)
    numbers = range(11, 11 + REPORTS_AT_ONCE)
    assert [ask(many, n, "FullInventory") for n in numbers] == ["Accepted"] * REPORTS_AT_ONCE
    assert ask(many, 20, "FullInventory") == "Rejected"
    items = [report(many, n) for n in numbers]
    assert all(i.keys() == items[0].keys() for i in items)
    order = [p["requestId"] for p in many.payloads("NotifyReport") if p["requestId"] in numbers]
    assert order == sorted(order)
    assert ask(many, 20, "SummaryInventory") == "Accepted"
    assert len(report(many, 20)) == 2 * CONNECTORS + 1


def test_part_that_is_answered_by_an_error_is_over(many):
    many.csms.fault(many.station, action="NotifyReport", kind="callerror", times=2)
    assert ask(many, 30, "SummaryInventory") == "Accepted"
    assert len(report(many, 30)) == 2 * CONNECTORS + 1


def test_statuses_do_not_wait_for_a_long_report(keys):
    """The outbox has its turn after each part."""
    with Stage(keys, station={"connectors": CONNECTORS}) as charger:
        registered(charger)
        wait_for(lambda: len(charger.connectors()) == CONNECTORS, "all connectors to be told of")
        charger.csms.fault(charger.station, action="NotifyReport", kind="late", seconds=1, times=0)
        assert ask(charger, 1, "FullInventory") == "Accepted"
        charger.ask(location=charger.csms.file_url("none"))
        charger.until_status("DownloadFailed")
        assert all(p["tbc"] for p in parts(charger, 1))
        charger.csms.fault(charger.station, action="NotifyReport", kind="none")
        until_told(charger, 1)
        said = [a for a, _ in charger.listen()]
        report(charger, 1)
        assert said.index("FirmwareStatusNotification") > said.index("NotifyReport")


def test_report_while_boot_is_pending(keys):
    """B02.FR.01: variables and reports, and nothing else."""
    with Stage(keys) as charger:
        charger.csms.fault("*", action="BootNotification", kind="pending", seconds=3600, times=0)
        charger.boot_until_known()
        wait_for(lambda: "BootNotification with Pending" in charger.log(), "Pending")
        assert put(charger, ("OCPPCommCtrlr.OfflineThreshold", "5")) == [("Accepted", None)]
        assert ask(charger, 1, "FullInventory") == "Accepted"
        assert len(report(charger, 1)) > 50
        assert {a for a, _ in charger.listen()} == {"BootNotification", "NotifyReport"}


def test_link_cut_in_the_middle_of_a_report(keys):
    """The part that was not answered is told again, under its number; nothing is missing."""
    with Stage(keys, station={"connectors": CONNECTORS}) as charger:
        registered(charger)
        assert ask(charger, 1, "FullInventory") == "Accepted"
        complete = report(charger, 1)
        charger.csms.fault(charger.station, action="NotifyReport", kind="close", times=2)
        assert ask(charger, 2, "FullInventory") == "Accepted"
        until_told(charger, 2)
        told = parts(charger, 2)
        assert [p["seqNo"] for p in told][:4] == [0, 0, 0, 1]
        assert told[0]["reportData"][0]["variable"] == told[2]["reportData"][0]["variable"]
        assert len({tuple(sorted((k, str(v)) for k, v in i["component"].items())) + (str(i["variable"]),)
                    for p in told for i in p["reportData"]}) == len(complete)
        assert [p["seqNo"] for p in told][2:] == list(range(len(told) - 2))
        assert not told[-1]["tbc"]


def test_report_that_nobody_answers_is_given_up(keys):
    """So that it does not end one connection after the other."""
    with Stage(keys, csms={"message_timeout": "1s"}) as charger:
        registered(charger)
        charger.csms.fault(charger.station, action="NotifyReport", kind="never", times=3)
        assert ask(charger, 1, "FullInventory") == "Accepted"
        assert ask(charger, 2, "SummaryInventory") == "Accepted"
        until_told(charger, 2)
        assert [p["seqNo"] for p in parts(charger, 1)] == [0, 0, 0]
        assert charger.connections() == 4


def old_csms(port, frames):
    """Takes one connection on the port, speaks 1.6 alone, asks for a Heartbeat, and answers {} to all: calls go to frames, None is
    its end."""
    def say(frame):
        text = json.dumps(frame).encode()
        peer.sendall(bytes([0x81, len(text)]) + text)
    with socket.create_server(("127.0.0.1", port)) as listener:
        peer, _ = listener.accept()
    with peer, peer.makefile("rb") as read:
        head = b"".join(iter(read.readline, b"\r\n")).decode()
        key = re.search("Sec-WebSocket-Key: (.*)\r", head, re.IGNORECASE).group(1)
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        peer.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        say([2, "beat", "TriggerMessage", {"requestedMessage": "Heartbeat"}])
        while len(start := read.read(2)) == 2:
            size = start[1] & 127
            size = int.from_bytes(read.read(2), "big") if size == 126 else size
            mask = read.read(4)
            text = bytes(b ^ mask[i % 4] for i, b in enumerate(read.read(size)))
            if start[0] == 0x81 and (frame := json.loads(text))[0] == 2:
                frames.append(frame)
                say([3, frame[1], {}])
    frames.append(None)


def test_report_ends_with_its_version(keys):
    """1.6 has no reports: on a connection that speaks it nothing is left of one."""
    with Stage(keys, csms={"protocols": "ocpp2.0.1 ocpp1.6"}) as charger:
        registered(charger)
        charger.csms.fault(charger.station, action="NotifyReport", kind="never", times=1)
        assert ask(charger, 1, "FullInventory") == "Accepted"
        wait_for(lambda: parts(charger, 1), "a part")
        charger.csms.stop()
        frames = []
        threading.Thread(target=old_csms, args=(charger.csms.port, frames), daemon=True).start()
        wait_for(lambda: "Connected to the CSMS with OCPP 1.6" in charger.log(), "OCPP 1.6")
        charger.csms.start_again()
        wait_for(lambda: "Heartbeat" in [f[2] for f in frames], "the Heartbeat that 1.6 was asked for")
        time.sleep(1)
        charger.agent.process.send_signal(signal.SIGTERM)
        wait_for(lambda: frames and frames[-1] is None, "the end of the connection")
        # what was not told before the report is told now
        assert {f[2] for f in frames[:-1]} <= {"Heartbeat", "StatusNotification", "SecurityEventNotification"}
