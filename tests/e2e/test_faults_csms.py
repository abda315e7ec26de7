"""The real agent at a CSMS that goes wrong by each of mock-csms's faults: what it does meanwhile, and that in the end all that it
owes is said, once where the CSMS heard it. See "Messages to the CSMS" in docs/behaviour.md."""
from typing import NamedTuple

import pytest

import test_certificates
from stage import Stage, wait_for

FAST = {"message_timeout": "2s", "ping_interval": "1s", "connect_timeout": "2s", "backoff_wait_minimum": "1s", "backoff_repeat_times": "0"}
PATIENT = {"message_timeout": "10min", "ping_interval": "0"}  # only the CSMS can end what goes on
BEGIN, END = "Downloading", "DownloadFailed"  # what an update owes whose file is not there
CONNECTORS = {"ocpp1.6": 2, "ocpp2.0.1": 1, "ocpp2.1": 1}  # StatusNotifications after a start
UNREADABLE, TWICE, LOST = "is no OCPP-J frame", "late or twice", "Connection to the CSMS ended: "
STILL = "no answer to a ping within 2.0 s"


class Case(NamedTuple):
    """said: what is in the agent's log while the fault is on. heard: what the CSMS read in the end, reports of the update or numbers of
    BootNotifications. connections: how many were opened. lifted: taken away when said was seen; else its count is used up."""
    version: str
    fault: dict
    said: str
    heard: object
    connections: int
    lifted: bool = False
    settings: dict = FAST
    event: str = None


def settle(charger, version):
    """Until nothing is on its way: the frames of the station that come next are what the test asks for."""
    wait_for(lambda: len(charger.payloads("StatusNotification")) == CONNECTORS[version]
             and charger.payloads("SecurityEventNotification") and charger.outbox() == [], "the end of the start")


def put_on(charger, case):
    return charger.csms.rest("POST", "/api/faults", {"station": charger.station, **case.fault})["id"]


def until_it_bites(charger, case, number):
    wait_for(lambda: case.said in charger.log(), lambda: f"{case.said!r} in\n{charger.log()}")
    if case.lifted:
        charger.csms.rest("DELETE", f"/api/faults/{number}")


# What it reports ---------------------------------------------------------------------------------------------------------

def answer(kind, **more):
    return {"action": "FirmwareStatusNotification", "kind": kind, **more}


REPORTS = {
    "late, too late": Case("ocpp2.1", answer("late", seconds=3), LOST, [BEGIN, BEGIN, END], 2),
    "late, in time": Case("ocpp1.6", answer("late", seconds=0.5, times=2), "", [BEGIN, END], 1, settings=PATIENT),
    "never": Case("ocpp1.6", answer("never"), LOST, [BEGIN, BEGIN, END], 2),
    "never, lifted": Case("ocpp2.0.1", answer("never", times=0), LOST, None, None, lifted=True),
    "callerror": Case("ocpp2.0.1", answer("callerror", code="NotImplemented", times=2), "NotImplemented", [BEGIN, END], 1),
    "garbled": Case("ocpp2.0.1", answer("garbled"), UNREADABLE, [BEGIN, BEGIN, END], 2),
    "twice": Case("ocpp2.1", answer("twice", times=2), TWICE, [BEGIN, END], 1),
    "close": Case("ocpp1.6", answer("close"), LOST, [BEGIN, BEGIN, END], 2),
    "disconnect": Case("ocpp2.0.1", {"kind": "disconnect", "frames": 1}, LOST, [BEGIN, END], 2),
    "halfopen": Case("ocpp2.1", {"kind": "halfopen", "frames": 1}, STILL, [BEGIN, END], 2, settings={**FAST, "message_timeout": "10min"}),
    "halfopen, lifted": Case("ocpp1.6", {"kind": "halfopen", "frames": 1}, "", [BEGIN, END], 1, lifted=True, settings=PATIENT),
    "slowread, too slow": Case("ocpp2.0.1", {"kind": "slowread", "bytesPerSecond": 1, "frames": 1}, STILL, [BEGIN, END], 2,
                               settings={**FAST, "message_timeout": "10min"}),
    "slowread": Case("ocpp2.1", {"kind": "slowread", "bytesPerSecond": 500, "frames": 1, "times": 0}, "", [BEGIN, END], 1, settings=PATIENT),
    "slowread, lifted": Case("ocpp1.6", {"kind": "slowread", "bytesPerSecond": 1, "frames": 1}, "", [BEGIN, END], 1, lifted=True,
                             settings=PATIENT),
}


@pytest.mark.parametrize("case", REPORTS.values(), ids=REPORTS.keys())
def test_reports_come_when_the_fault_is_over(keys, case):
    with Stage(keys, csms={"protocols": case.version, **case.settings}) as charger:
        charger.boot_until_known()
        settle(charger, case.version)
        number = put_on(charger, case)
        charger.ask(location=charger.csms.file_url("missing.raucb"))
        until_it_bites(charger, case, number)
        charger.until_status(END)
        wait_for(lambda: charger.outbox() == [] and charger.csms.is_online(charger.station), "the outbox to be empty")
        assert len(charger.boot_reports()) == 1
        assert case.heard is None or charger.statuses() == case.heard
        assert charger.finals()[0] == END and charger.statuses().index(END) > charger.statuses().index(BEGIN)
        assert case.connections in (None, charger.connections())


# Its start ---------------------------------------------------------------------------------------------------------------

def boot(kind, **more):
    return {"action": "BootNotification", "kind": kind, **more}


STARTS = {
    "pending": Case("ocpp2.0.1", boot("pending", seconds=1, times=2), "with Pending", 3, 1),
    "pending, lifted": Case("ocpp1.6", boot("pending", seconds=1, times=0), "with Pending", None, 1, lifted=True),
    "rejected": Case("ocpp1.6", boot("rejected", seconds=1, times=2), "with Rejected", 3, 1),
    "rejected, lifted": Case("ocpp2.1", boot("rejected", seconds=1, times=0), "with Rejected", None, 1, lifted=True),
    "never": Case("ocpp2.1", boot("never"), LOST, 2, 2),
    "late": Case("ocpp2.0.1", boot("late", seconds=3), LOST, 2, 2),
    "garbled": Case("ocpp1.6", boot("garbled"), UNREADABLE, 2, 2),
    "twice": Case("ocpp2.0.1", boot("twice"), TWICE, 1, 1),
    "close": Case("ocpp2.1", boot("close", times=2), LOST, 3, 3),
    "disconnect": Case("ocpp1.6", {"kind": "disconnect", "times": 2}, LOST, 1, 3),
    "halfopen": Case("ocpp2.0.1", {"kind": "halfopen"}, LOST, 1, 2),
    "refused": Case("ocpp2.1", {"kind": "refused", "times": 2}, "503", 1, 1),
    "unauthorized": Case("ocpp2.0.1", {"kind": "refused", "status": 401, "times": 2}, "401", 1, 1, event="FailedToAuthenticateAtCsms"),
    "unknown, lifted": Case("ocpp1.6", {"kind": "refused", "status": 404, "times": 0}, "404", 1, 1, lifted=True),
    "subprotocol": Case("ocpp2.1", {"kind": "subprotocol", "subprotocol": "ocpp9.9", "times": 2}, "not-agreed", 1, 1),
    "subprotocol that was not offered": Case("ocpp2.0.1", {"kind": "subprotocol", "subprotocol": "ocpp1.6"}, "not-agreed", 1, 1),
    "no subprotocol, lifted": Case("ocpp1.6", {"kind": "subprotocol", "times": 0}, "not-agreed", 1, 1, lifted=True),
}


def check_start(charger, case):
    wait_for(lambda: "accepted the station" in charger.log(), charger.log)
    wait_for(lambda: charger.events(starts=True) and charger.outbox() == [], "the events")
    boots = len(charger.boot_reports())
    assert case.heard in (None, boots)
    assert case.connections in (None, charger.connections())
    assert [action for action, _ in charger.listen()[:boots]] == ["BootNotification"] * boots  # nothing else before it is Accepted
    assert charger.events() == ([case.event] if case.event else [])
    assert not any("times" in event.get("techInfo", "") for event in charger.payloads("SecurityEventNotification"))  # told once


@pytest.mark.parametrize("case", STARTS.values(), ids=STARTS.keys())
def test_start_is_told_when_the_fault_is_over(keys, case):
    with Stage(keys, csms={"protocols": case.version, **case.settings}) as charger:
        number = put_on(charger, case)
        charger.boot()
        until_it_bites(charger, case, number)
        check_start(charger, case)


# From the order of an update to its end ----------------------------------------------------------------------------------

@pytest.mark.parametrize("fault", [
    {"kind": "disconnect", "frames": 1}, {"kind": "halfopen", "frames": 4}, {"kind": "slowread", "bytesPerSecond": 1, "frames": 3},
    boot("late", seconds=3, times=2),
], ids=lambda fault: fault["kind"])
def test_update_comes_to_its_end_though_no_connection_stays(keys, fault):
    """All is said in its order, the end once; what was heard and not answered is said again."""
    with Stage(keys, csms=FAST) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        settle(charger, "ocpp2.0.1")
        charger.csms.rest("POST", "/api/faults", {"station": charger.station, "times": 0, **fault})
        charger.ask()
        charger.until_status("Installed", seconds=90, ticking=True)
        told = charger.statuses()
        assert [b for a, b in zip([None, *told], told) if a != b] == ["Downloading", "Downloaded", "Installing", "InstallRebooting", "Installed"]
        charger.csms.rest("DELETE", "/api/faults")
        charger.until_outbox_empty()
        assert charger.slot == "B" and set(charger.finals()) == {"Installed"}


@pytest.mark.parametrize("version", CONNECTORS)
def test_expired_certificate_is_not_trusted_and_told_when_it_is_over(keys, version):
    """REST is not asked meanwhile: it would be shown the certificate, too."""
    event = "InvalidCentralSystemCertificate" if version == "ocpp1.6" else "InvalidCsmsCertificate"
    case = Case(version, {"kind": "expiredtls", "times": 2}, "expired", 1, 1, event=event)
    with test_certificates.Station(keys, version) as charger:
        charger.settings["csms"].update(FAST)
        expired = keys / "csms/expired"
        charger.plain_command += ["--tls-expired-cert", f"{expired}.pem", "--tls-expired-key", f"{expired}.key"]
        charger.move_csms(keys / "csms/server", keys / "csms/root.pem")
        charger.csms.rest("POST", "/api/faults", case.fault)
        charger.boot()
        wait_for(lambda: charger.log().count("Can't connect to the CSMS") == 2, charger.log)
        assert case.said in charger.log()
        wait_for(lambda: "accepted the station" in charger.log(), charger.log)
        assert Stage.sent(charger)[0][2] == "BootNotification"
        wait_for(lambda: charger.payloads("SecurityEventNotification"), "the event")
        assert charger.connections() == 1
        assert charger.events() == [(event, None)]  # once, however often it was tried
