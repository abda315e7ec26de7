"""Configuration keys of OCPP 1.6: what can be read, what can be set, and what that does. The real programs;
see stage.py."""
import os
import signal
import subprocess
import time

import pytest

from stage import Stage, wait_for
from test_hold import INHIBIT
from test_storage import DatabaseLock

# What each key is at first, in the order in which all are told.
READ_ONLY = {
    "GetConfigurationMaxKeys": "100", "NumberOfConnectors": "2",
    "SupportedFeatureProfiles": "Core,FirmwareManagement,RemoteTrigger",
    "SupportedFileTransferProtocols": "HTTPS,HTTP,FTPS,FTP,SFTP", "AdditionalRootCertificateCheck": "false",
    "CertificateSignedMaxChainSize": "10000", "CertificateStoreMaxLength": "32", "SecurityProfile": "0",
    "BootedSlot": "rootfs.0"}
# … and another value that it takes.
READ_WRITE = {
    "AuthorizeRemoteTxRequests": ("true", "false"), "ClockAlignedDataInterval": ("0", "900"),
    "ConnectionTimeOut": ("60", "45"), "ConnectorPhaseRotation": ("1.Unknown,2.Unknown", "0.RST,1.RTS,2.NotApplicable"),
    "HeartbeatInterval": ("300", "86400"), "LocalAuthorizeOffline": ("true", "false"),
    "LocalPreAuthorize": ("false", "true"),
    "MeterValuesAlignedData": ("Energy.Active.Import.Register", "Power.Active.Import,Voltage.L1-N"),
    "MeterValuesSampledData": ("Energy.Active.Import.Register", "Current.Import.L1,Current.Import.L2,SoC,Temperature"),
    "MeterValueSampleInterval": ("0", "60"), "ResetRetries": ("2", "0"),
    "StopTransactionOnEVSideDisconnect": ("true", "false"), "StopTransactionOnInvalidId": ("true", "false"),
    "StopTxnAlignedData": ("", "Frequency"), "StopTxnSampledData": ("Energy.Active.Import.Register", ""),
    "TransactionMessageAttempts": ("3", "5"), "TransactionMessageRetryInterval": ("60", "10"),
    "UnlockConnectorOnEVSideDisconnect": ("true", "false"), "WebSocketPingInterval": ("60", "17"),
    "CpoName": ("", "Größte Säulen, Inc."), "AllowNewSessionsPendingFirmwareUpdate": ("false", "true"),
    "RetryBackOffRandomRange": ("0", "3"), "RetryBackOffRepeatTimes": ("5", "2"), "RetryBackOffWaitMinimum": ("1", "2")}


class Charger16(Stage):
    """A charger of two connectors that speaks OCPP 1.6."""

    def __init__(self, keys, **sections):
        super().__init__(keys, **{"csms": {"protocols": "ocpp1.6"}, "station": {"connectors": "2"}, **sections})

    def boot_until_accepted(self):
        self.boot_until_known()
        self.until_accepted(1)

    def until_accepted(self, times):
        """So often since its log began; RAUC may tell the slot a little later."""
        for words in ("accepted the station", "Booted slot"):
            wait_for(lambda: self.log().count(words) == times, words)

    def ask_keys(self, *asked):
        """The result of GetConfiguration, or the code of the error."""
        answer = self.csms.call(self.station, "GetConfiguration", {"key": asked} if asked else {})
        return answer.get("result") or answer.get("error", {}).get("code") or {}

    def values(self, *asked):
        return {v["key"]: v.get("value") for v in self.ask_keys(*asked)["configurationKey"]}

    def change(self, key, value):
        """The status of ChangeConfiguration, or the code of the error."""
        answer = self.csms.call(self.station, "ChangeConfiguration", {"key": key, "value": value})
        return answer["result"]["status"] if "result" in answer else answer["error"]["code"]

    def connectors(self):
        return {p["connectorId"]: p["status"] for p in self.payloads("StatusNotification")}


def test_all_keys_are_told(keys):
    with Charger16(keys) as charger:
        charger.boot_until_accepted()
        result = charger.ask_keys()
        assert set(result) == {"configurationKey"}
        told = {v["key"]: (v["readonly"], v["value"]) for v in result["configurationKey"]}
        assert len(told) == len(result["configurationKey"])
        assert told == {k: (True, v) for k, v in READ_ONLY.items()} | {k: (False, v[0]) for k, v in READ_WRITE.items()}
        # the core profile in the specification's order, then the extensions
        order = [v["key"] for v in result["configurationKey"]]
        assert order[0] == "AuthorizeRemoteTxRequests" and order[-1] == "RetryBackOffWaitMinimum"
        empty = charger.csms.call(charger.station, "GetConfiguration", {"key": []})
        assert [v["key"] for v in empty["result"]["configurationKey"]] == order


def test_keys_that_are_asked_for(keys):
    with Charger16(keys) as charger:
        charger.boot_until_accepted()
        # in the order of the request, each by its own name, whatever the case; unknown ones as they came
        assert charger.ask_keys("numberofconnectors", "Nonsense", "HeartBeatInterval", "") == {
            "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "2"},
                                 {"key": "HeartbeatInterval", "readonly": False, "value": "300"}],
            "unknownKey": ["Nonsense", ""]}
        # never to be read
        assert charger.ask_keys("AuthorizationKey") == {"unknownKey": ["AuthorizationKey"]}
        assert len(charger.ask_keys(*["CpoName"] * 100)["configurationKey"]) == 100
        assert charger.ask_keys(*["CpoName"] * 101) == "OccurenceConstraintViolation"
        assert charger.ask_keys("x" * 51) == "PropertyConstraintViolation"
        assert charger.ask_keys("é" * 50) == {"unknownKey": ["é" * 50]}
        assert charger.ask_keys(7) == "TypeConstraintViolation"


def test_more_connectors_than_a_value_can_tell(keys):
    with Charger16(keys, station={"connectors": "60"}) as charger:
        charger.boot_until_accepted()
        value = charger.values("ConnectorPhaseRotation")["ConnectorPhaseRotation"]
        assert value == ",".join(f"{i}.Unknown" for i in range(1, value.count(",") + 2)) and 480 < len(value) <= 500
        assert charger.change("ConnectorPhaseRotation", value) == "Accepted"
        assert charger.change("ConnectorPhaseRotation", "60.RST") == "Accepted"
        assert charger.change("ConnectorPhaseRotation", "61.RST") == "Rejected"


def test_keys_are_kept_over_a_restart(keys):
    with Charger16(keys) as charger:
        charger.boot_until_accepted()
        for key, (_, other) in READ_WRITE.items():
            assert charger.change(key, other) == "Accepted", key
            assert charger.values(key) == {key: other}
        charger.csms.program.stop()
        charger.csms.command += ["--interval", "0"]  # HeartbeatInterval is left to the station
        charger.csms.start_again()
        charger.restart_agent()
        charger.until_accepted(2)
        told = charger.values()
        assert {key: told[key] for key in READ_WRITE} == {key: v[1] for key, v in READ_WRITE.items()}
        for key, value in READ_ONLY.items():
            assert charger.change(key, value) == "Rejected", key
        assert charger.change("Nonsense", "1") == "NotSupported"
        assert charger.values() == told


@pytest.mark.parametrize("key,value,verdict,kept", [
    ("LocalPreAuthorize", "TRUE", "Accepted", "true"),
    ("LocalPreAuthorize", "1", "Rejected", "false"),
    ("ResetRetries", " 30 ", "Accepted", "30"),
    ("ResetRetries", "", "Rejected", "2"),
    ("ResetRetries", "1.5", "Rejected", "2"),
    ("webSocketPingInterval", "-1", "Rejected", "60"),
    ("HeartbeatInterval", "0", "Rejected", "300"),
    ("HeartbeatInterval", "2147483648", "Rejected", "300"),
    ("ConnectorPhaseRotation", "3.RST", "Rejected", "1.Unknown,2.Unknown"),
    ("ConnectorPhaseRotation", "0.RST, 1.RST, 2.RTS", "Accepted", "0.RST,1.RST,2.RTS"),
    ("MeterValuesSampledData", "Everything", "Rejected", "Energy.Active.Import.Register"),
    ("CpoName", "é" * 500, "Accepted", "é" * 500),
    ("CpoName", "x" * 501, "PropertyConstraintViolation", ""),
    ("CpoName", 7, "TypeConstraintViolation", ""),
])
def test_values_as_peers_send_them(running, key, value, verdict, kept):
    before = running.values(key)
    assert running.change(key, value) == verdict
    assert list(running.values(key).values()) == [kept]
    for name, old in before.items():
        assert running.change(name, old) == "Accepted"


@pytest.fixture(name="running", scope="module")
def make_running(keys):
    with Charger16(keys) as charger:
        charger.boot_until_accepted()
        yield charger


def test_password_is_not_changed_and_in_no_log(running):
    key = "4F43415F4F4354545F61646D696E5F74657374"
    assert running.change("authorizationkey", key) == "Rejected"
    assert "wants to change the password" in running.log()
    assert key not in running.log() + (running.folder / "ocpp.log").read_text()


def test_value_that_can_not_be_stored(running):
    with DatabaseLock(running):
        assert running.change("ResetRetries", "9") == "InternalError"
    assert running.values("ResetRetries") == {"ResetRetries": "2"}


# ---- the registration ----

def test_keys_while_the_registration_is_pending(keys):
    with Charger16(keys) as charger:
        charger.csms.fault("*", action="BootNotification", kind="pending", seconds=60, times=0)
        charger.boot_until_known()
        wait_for(lambda: "BootNotification with Pending" in charger.log(), "Pending")
        assert charger.change("HeartbeatInterval", "7") == "Accepted"
        assert charger.values("HeartbeatInterval") == {"HeartbeatInterval": "7"}
        assert {a for a, _ in charger.listen()} == {"BootNotification"}


def test_keys_while_the_registration_is_rejected(keys):
    """C16 4.2: nothing is said, nor done."""
    with Charger16(keys) as charger:
        charger.csms.fault("*", action="BootNotification", kind="rejected", seconds=4, times=1)
        charger.boot_until_known()
        wait_for(lambda: "BootNotification with Rejected" in charger.log(), "Rejected")
        charger.send_raw('[2,"1","ChangeConfiguration",{"key":"ResetRetries","value":"9"}]')
        wait_for(lambda: "though it rejects this station" in charger.log(), "the order")
        wait_for(lambda: "accepted the station" in charger.log(), "the registration")
        assert charger.values("ResetRetries") == {"ResetRetries": "2"}
        assert not [frame for frame in charger.sent() if frame[0] != 2 and frame[1] == "1"]


# ---- what they do ----

def test_heartbeat_comes_at_the_new_pace(keys):
    with Charger16(keys) as charger:
        charger.boot_until_accepted()
        time.sleep(1.5)
        assert not charger.payloads("Heartbeat")
        assert charger.change("HeartbeatInterval", "1") == "Accepted"
        wait_for(lambda: len(charger.payloads("Heartbeat")) >= 3, "three of them", 10)
        assert charger.change("HeartbeatInterval", "3600") == "Accepted"
        before = len(charger.payloads("Heartbeat"))
        time.sleep(2.5)
        assert len(charger.payloads("Heartbeat")) <= before + 1  # one may have been on its way


def test_ping_finds_a_peer_that_is_gone(keys):
    """An hour by the configuration; the new interval counts on the connection that is open."""
    with Charger16(keys, csms={"protocols": "ocpp1.6", "ping_interval": "1h", "connect_timeout": "2s"}) as charger:
        charger.boot_until_accepted()
        assert charger.values("WebSocketPingInterval") == {"WebSocketPingInterval": "3600"}
        assert charger.change("WebSocketPingInterval", "1") == "Accepted"
        time.sleep(2.5)
        assert charger.connections() == 1  # and the CSMS answers them
        os.kill(charger.csms.program.process.pid, signal.SIGSTOP)
        try:
            wait_for(lambda: "no answer to a ping within 2.0 s" in charger.log(), "the end of the connection", 15)
        finally:
            os.kill(charger.csms.program.process.pid, signal.SIGCONT)
        wait_for(lambda: charger.connections() == 2, "a new one")
        assert charger.change("WebSocketPingInterval", "0") == "Accepted"
        os.kill(charger.csms.program.process.pid, signal.SIGSTOP)
        time.sleep(3)
        os.kill(charger.csms.program.process.pid, signal.SIGCONT)
        charger.beat()
        assert charger.connections() == 2


def test_times_of_the_configuration_are_rounded_up(keys):
    """Half a second is not none."""
    with Charger16(keys, csms={"protocols": "ocpp1.6", "ping_interval": "500ms", "backoff_random_range": "1ms",
                               "connect_timeout": "2s", "backoff_wait_minimum": "1100ms"}) as charger:
        charger.boot_until_accepted()
        assert charger.values("WebSocketPingInterval", "RetryBackOffRandomRange", "RetryBackOffWaitMinimum") == {
            "WebSocketPingInterval": "1", "RetryBackOffRandomRange": "1", "RetryBackOffWaitMinimum": "2"}
        os.kill(charger.csms.program.process.pid, signal.SIGSTOP)
        wait_for(lambda: "no answer to a ping within 2.0 s" in charger.log(), "the end of the connection", 15)
        os.kill(charger.csms.program.process.pid, signal.SIGCONT)


def waits(charger):
    """The seconds between attempts to connect, as the agent chose them."""
    return [float(line.split("Connecting again in ")[1].split()[0]) for line in charger.log().splitlines()
            if "Connecting again in " in line]


def test_back_off_takes_the_new_values(keys):
    """J201 5.3: the first wait, then twice the last one, as often as is said."""
    with Charger16(keys) as charger:
        charger.boot_until_accepted()
        assert charger.change("RetryBackOffWaitMinimum", "2") == "Accepted"
        assert charger.change("RetryBackOffRepeatTimes", "1") == "Accepted"
        charger.csms.program.stop()
        wait_for(lambda: len(waits(charger)) >= 3, "three waits", 30)
        assert waits(charger)[:3] == [2.0, 4.0, 4.0]
        charger.csms.start_again()
        wait_for(lambda: charger.connections() == 2, "a new connection", 15)
        assert charger.change("RetryBackOffWaitMinimum", "1") == "Accepted"
        assert charger.change("RetryBackOffRandomRange", "3") == "Accepted"
        before = len(waits(charger))
        charger.csms.program.stop()
        wait_for(lambda: len(waits(charger)) > before, "another wait")
        assert 1.0 <= waits(charger)[before] <= 4.0


class Session:
    """A charging session at connector 1."""

    def __init__(self, charger):
        self.lock = subprocess.Popen(["/usr/bin/python3", "-c", INHIBIT, charger.bus.address], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
        assert self.lock.stdout.readline() == b"held\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lock.communicate(b"\n")


def test_sessions_may_begin_while_an_update_waits(keys):
    """L01.FR.07 and AllowNewSessionsPendingFirmwareUpdate, at once in both directions."""
    with Charger16(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_accepted()
        assert charger.change("AllowNewSessionsPendingFirmwareUpdate", "true") == "Accepted"
        with Session(charger):
            charger.ask()
            charger.until_job("reboot-held")
            time.sleep(1)
            assert set(charger.connectors().values()) == {"Available"}
            assert charger.change("AllowNewSessionsPendingFirmwareUpdate", "false") == "Accepted"
            wait_for(lambda: charger.connectors()[2] == "Unavailable", "the other one to be drained")
            assert charger.change("AllowNewSessionsPendingFirmwareUpdate", "true") == "Accepted"
            wait_for(lambda: charger.connectors()[2] == "Available", "its return")
            assert charger.job == "reboot-held"
        charger.until_status("Installed", ticking=True)


def test_sessions_may_not_begin_for_ever(keys):
    """After max_wait no new one may, whatever is allowed."""
    with Charger16(keys, firmware={"max_wait": "4s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_accepted()
        assert charger.change("AllowNewSessionsPendingFirmwareUpdate", "true") == "Accepted"
        with Session(charger):
            charger.ask()
            charger.until_job("reboot-held")
            time.sleep(1)
            assert set(charger.connectors().values()) == {"Available"}
            wait_for(lambda: charger.connectors()[2] == "Unavailable", "the other one to be drained", 15)
            assert charger.job == "reboot-held"
            charger.until_status("InstallationFailed")
            wait_for(lambda: charger.connectors()[2] == "Available", "its return")
