"""The device model of 2.x: variables that are read and set, what setting one does, and what the operator tells of the
charger. The real programs; see stage.py, and test_reports.py for reports."""
import subprocess

import pytest

from model import ask, error, get, name, put, registered, report, result, two_connectors
from stage import Stage, ctl, wait_for
from test_hold import INHIBIT

ITEMS, BYTES = 50, 16384  # ItemsPerMessage and BytesPerMessage of reports


@pytest.fixture(name="two", scope="module", params=["ocpp2.0.1", "ocpp2.1"])
def start_two(keys, request):
    yield from two_connectors(keys, request.param)


@pytest.mark.parametrize("item,wanted", [
    ("ChargingStation.VendorName", "Demo"),
    ("chargingstation.MODEL", "Charger"),
    ("ChargingStation.SerialNumber", "0001"),
    ("ChargingStation.FirmwareVersion", "1.0.0"),
    ("ChargingStation.BootedSlot", "rootfs.0"),
    ("OCPPCommCtrlr.MessageTimeout/Default", "5"),
    ("OCPPCommCtrlr.MessageTimeout/default", "5"),
    ("OCPPCommCtrlr.RetryBackOffWaitMinimum", "1"),
    ("OCPPCommCtrlr.FileTransferProtocols", "HTTPS,HTTP,FTPS,FTP,SFTP"),
    ("DeviceDataCtrlr.ItemsPerMessage/GetReport", str(ITEMS)),
    ("DeviceDataCtrlr.BytesPerMessage/GetReport", str(BYTES)),
    ("SecurityCtrlr.Identity", "CS001"),
    ("SecurityCtrlr.OrganizationName", ""),
    (name("EVSE.AvailabilityState", 2), "Available"),
    (name("EVSE.Available", 1), "true"),
    (name("Connector.ConnectorType", 2, 1), "Undetermined"),
    (name("Connector.Problem", 2, 1), "false"),
    ({**name("ClockCtrlr.TimeSource"), "attributeType": "Actual"}, "Heartbeat,RealTimeClock"),
    ("SecurityCtrlr.BasicAuthPassword", ("Rejected", "WriteOnly")),
    # nobody knows
    ("ChargingStation.SupplyPhases", ("Rejected", "MissingDevModelInfo")),
    (name("EVSE.Power", 1), ("Rejected", "MissingDevModelInfo")),
    # there is none
    ("CoffeeCtrlr.Strength", ("UnknownComponent", None)),
    ("OCPPCommCtrlr.Strength", ("UnknownVariable", None)),
    ("OCPPCommCtrlr.MessageTimeout", ("UnknownVariable", None)),
    ("OCPPCommCtrlr.HeartbeatInterval/x", ("UnknownVariable", None)),
    (name("EVSE.Available", 3), ("UnknownComponent", None)),
    (name("EVSE.Available", 0), ("UnknownComponent", None)),
    (name("EVSE.Available"), ("UnknownComponent", None)),
    (name("Connector.Available", 1, 2), ("UnknownComponent", None)),
    (name("OCPPCommCtrlr.HeartbeatInterval", 1), ("UnknownComponent", None)),
    *(({**name("OCPPCommCtrlr.HeartbeatInterval"), "attributeType": kind}, ("NotSupportedAttributeType", None))
      for kind in ("Target", "MinSet", "MaxSet")),
])
def test_variable_is_read(two, item, wanted):
    assert get(two, item) == [wanted]


@pytest.mark.parametrize("item,value,wanted,kept", [
    ("OCPPCommCtrlr.OfflineThreshold", "77", "Accepted", "77"),
    ("OCPPCommCtrlr.OfflineThreshold", "077", "Accepted", "77"),
    ("OCPPCommCtrlr.OfflineThreshold", "-1", "ValueOutOfRange", "77"),
    ("OCPPCommCtrlr.OfflineThreshold", "99999999999", "ValueOutOfRange", "77"),
    ("OCPPCommCtrlr.OfflineThreshold", "soon", "InvalidValue", "77"),
    ("OCPPCommCtrlr.OfflineThreshold", "", "InvalidValue", "77"),
    ("AuthCtrlr.LocalPreAuthorize", "TRUE", "Accepted", "true"),
    ("AuthCtrlr.LocalPreAuthorize", "yes", "InvalidValue", "true"),
    ("TxCtrlr.TxStopPoint", "Authorized, EVConnected", "Accepted", "Authorized,EVConnected"),
    ("TxCtrlr.TxStopPoint", "Noon", "InvalidValue", "Authorized,EVConnected"),
    ("SampledDataCtrlr.TxUpdatedMeasurands", "Voltage,SoC", "Accepted", "Voltage,SoC"),
    ("SecurityCtrlr.OrganizationName", "Überlandwerk " + "ü" * 487, "Accepted", "Überlandwerk " + "ü" * 487),
    ("SecurityCtrlr.OrganizationName", "x" * 501, "InvalidValue", "Überlandwerk " + "ü" * 487),
    ("SecurityCtrlr.OrganizationName", "", "Accepted", ""),
    ("OCPPCommCtrlr.MessageAttempts/TransactionEvent", "5", "Accepted", "5"),
    ("ChargingStation.AllowNewSessionsPendingFirmwareUpdate", "true", "Accepted", "true"),
    ("ChargingStation.VendorName", "me", "ReadOnly", "Demo"),
    ("DeviceDataCtrlr.ItemsPerMessage/GetReport", "1", "ReadOnly", str(ITEMS)),
    (name("EVSE.Available", 1), "false", "ReadOnly", "true"),
])
def test_variable_is_set(two, item, value, wanted, kept):
    status = (wanted, None) if wanted == "Accepted" else ("Rejected", wanted)
    assert put(two, (item, value)) == [status]
    assert get(two, item) == [kept]


def test_variables_that_can_not_be_set(two):
    assert put(two, ("CoffeeCtrlr.Strength", "1"), ("OCPPCommCtrlr.Strength", "1"),
               ({**name("OCPPCommCtrlr.OfflineThreshold"), "attributeType": "Target"}, "1"),
               (name("EVSE.Available", 3), "1")) == [
        ("UnknownComponent", None), ("UnknownVariable", None), ("NotSupportedAttributeType", None),
        ("UnknownComponent", None)]


def test_what_needs_a_restart(keys):
    """It is stored, and told as what holds from the next start on."""
    with Stage(keys) as charger:
        registered(charger)
        assert put(charger, ("OCPPCommCtrlr.NetworkConfigurationPriority", "0")) == [("RebootRequired", None)]
        charger.restart_agent()
        assert get(charger, "OCPPCommCtrlr.NetworkConfigurationPriority") == ["0"]


def test_each_is_judged_by_itself(two):
    assert put(two, ("OCPPCommCtrlr.ResetRetries", "4"), ("CoffeeCtrlr.Strength", "1"),
               ("OCPPCommCtrlr.ResetRetries", "x"), ("OCPPCommCtrlr.ResetRetries", "6")) == [
        ("Accepted", None), ("UnknownComponent", None), ("Rejected", "InvalidValue"), ("Accepted", None)]
    assert get(two, "OCPPCommCtrlr.ResetRetries", "CoffeeCtrlr.Strength", "OCPPCommCtrlr.ResetRetries") == [
        "6", ("UnknownComponent", None), "6"]


@pytest.mark.parametrize("action,member,item", [
    ("GetVariables", "getVariableData", name("OCPPCommCtrlr.ResetRetries")),
    ("SetVariables", "setVariableData", {**name("OCPPCommCtrlr.ResetRetries"), "attributeValue": "3"}),
])
def test_too_many_or_too_long(two, action, member, item):
    """B06.FR.16, .17, and for SetVariables as well."""
    assert len(result(two.csms.call(two.station, action, {member: [item] * 100}))[member[:-4] + "Result"]) == 100
    assert error(two, action, {member: [item] * 101}) == "OccurrenceConstraintViolation"
    assert error(two, action, {member: []}) == "OccurrenceConstraintViolation"
    padding = {"customData": {"vendorId": "v", "much": "x" * 66000}}
    assert error(two, action, {member: [{**item, **padding}]}) == "FormatViolation"
    two.beat()


def test_what_is_set_outlives_a_restart(keys):
    with Stage(keys) as charger:
        registered(charger)
        wanted = {"OCPPCommCtrlr.OfflineThreshold": "123", "TxCtrlr.StopTxOnInvalidId": "false",
                  "SecurityCtrlr.OrganizationName": "We, Inc.", "AlignedDataCtrlr.Measurands": "Voltage",
                  "OCPPCommCtrlr.WebSocketPingInterval": "7"}
        assert put(charger, *wanted.items()) == [("Accepted", None)] * len(wanted)
        charger.restart_agent()
        assert get(charger, *wanted) == list(wanted.values())


def test_heartbeat_interval_is_in_force_at_once(keys):
    with Stage(keys) as charger:
        registered(charger)
        assert get(charger, "OCPPCommCtrlr.HeartbeatInterval") != ["1"]
        assert not charger.payloads("Heartbeat")
        assert put(charger, ("OCPPCommCtrlr.HeartbeatInterval", "1")) == [("Accepted", None)]
        wait_for(lambda: len(charger.payloads("Heartbeat")) >= 2, "two Heartbeats", 10)


def test_availability_state_is_what_connectors_tell(keys):
    """… and Occupied where somebody told us of a session."""
    with Stage(keys, station={"connectors": 2}) as charger:
        charger.build_bundle("update")
        registered(charger)
        states = ["ChargingStation.AvailabilityState", *(name(f"{c}.AvailabilityState", e, n) for e in (1, 2)
                                                         for c, n in (("EVSE", None), ("Connector", 1)))]
        assert get(charger, *states) == ["Available"] * 5
        with subprocess.Popen(["/usr/bin/python3", "-c", INHIBIT, charger.bus.address], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as session:
            assert session.stdout.readline() == b"held\n"
            assert get(charger, *states) == ["Available", "Occupied", "Occupied", "Available", "Available"]
            charger.ask()
            wait_for(lambda: charger.connectors().get(2) == "Unavailable", "the other one to be drained")
            assert get(charger, *states) == ["Unavailable", "Occupied", "Occupied", "Unavailable", "Unavailable"]
            assert ctl(charger, "cancel") == (0, "")
            session.communicate(b"\n")
        wait_for(lambda: get(charger, *states) == ["Available"] * 5, "the end of session and update")


# ---- what the operator tells of the charger ----

@pytest.mark.parametrize("station,phases,kind,power", [
    ({"supply_phases": 3, "max_power": 22000, "connector_type": "sType2"}, "3", "sType2", 22000),
    ({"supply_phases": 0, "max_power": 350000, "connector_type": "cCCS2"}, "0", "cCCS2", 350000),
    ({"max_power": 1}, ("Rejected", "MissingDevModelInfo"), "Undetermined", 1),
])
def test_kind_of_the_charger(keys, station, phases, kind, power):
    """Of the station, of each EVSE and of each connector. What power an EVSE gives just now nobody knows."""
    for charger in two_connectors(keys, "ocpp2.0.1", **station):
        assert get(charger, "ChargingStation.SupplyPhases", name("EVSE.SupplyPhases", 1), name("EVSE.SupplyPhases", 2),
                   name("Connector.SupplyPhases", 1, 1), name("Connector.SupplyPhases", 2, 1)) == [phases] * 5
        assert get(charger, name("Connector.ConnectorType", 1, 1), name("Connector.ConnectorType", 2, 1)) == [kind] * 2
        assert get(charger, name("EVSE.Power", 1)) == [("Rejected", "MissingDevModelInfo")]
        assert ask(charger, 1, componentVariable=[name("EVSE.Power")]) == "Accepted"
        items = report(charger, 1)
        assert [key[1] for key in items] == [1, 2]
        for item in items.values():
            assert item["variableCharacteristics"] == {
                "dataType": "integer", "unit": "W", "minLimit": 0, "maxLimit": power, "supportsMonitoring": False}
