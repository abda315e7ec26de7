"""Network connection profiles: SetNetworkProfile, in which order the station tries them, and the way back. Two
CSMS, the real programs; see stage.py."""
import json
import re
import signal
import socket
import sqlite3
import threading
import time

import pytest

from stage import BINARIES, Stage, ctl, wait_for
from parts import MockCsms, Trouble


class Town(Stage):
    """A charger between two CSMS, a (in its own configuration) and b."""

    def __init__(self, keys, **sections):
        super().__init__(keys, csms={"connect_timeout": "3s", **sections.pop("csms", {})}, **sections)
        self.a = self.csms
        self.places = {}
        self.b = self.another("b")

    def another(self, name, options=()):
        """One more CSMS."""
        place = self.folder / name
        place.mkdir()
        self.places[name] = MockCsms(BINARIES / "mock-csms", place, self.folder / "files", options=options)
        return self.places[name]

    def _tear_down(self):
        for csms in self.places.values():
            csms.program.stop()
        super()._tear_down()

    def set_profile(self, slot, url, at=None, **more):
        """The verdict, and the reason if there is one."""
        data = {"ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": url, "messageTimeout": 5,
                "securityProfile": 0, "ocppInterface": "Wired0", **more}
        answer = (at or self.a).call(self.station, "SetNetworkProfile", {"configurationSlot": slot,
                                                                         "connectionData": data})["result"]
        return answer["status"], answer.get("statusInfo", {}).get("reasonCode")

    def profile(self, slot):
        rows = self.database(f"SELECT value FROM value WHERE name = 'network-profile:{slot}'")
        return rows[0][0] if rows else None

    def variable(self, name, value):
        """As if the CSMS had set it in an earlier run."""
        with sqlite3.connect(self.folder / "state" / "agent.db") as db:
            db.execute("INSERT OR REPLACE INTO value VALUES (?, ?)", (f"var:{name}", value))
        db.close()

    def variable_is(self, name):
        rows = self.database(f"SELECT value FROM value WHERE name = 'var:{name}'")
        return rows[0][0] if rows else None

    def start_with(self, order, attempts=2):
        """Another order, by a restart."""
        self.stop_agent()
        self.variable("NetworkConfigurationPriority", order)
        self.variable("NetworkProfileConnectionAttempts", attempts)
        self.start_agent()

    def until_at(self, csms, seconds=30.0):
        wait_for(lambda: csms.is_online(self.station), lambda: f"the connection; {self.log()[-2000:]}", seconds)

    def heard(self, csms):
        """[(action, payload)] that a CSMS got, new ones."""
        return [(e["frame"][2], e["frame"][3]) for e in csms.new_frames()
                if e["from"] == "station" and e["frame"][0] == 2]


@pytest.mark.parametrize("slot,changes,reason", [
    (0, {}, "InvalidConfSlot"),
    (9, {}, "InvalidConfSlot"),
    (1, {"ocppTransport": "SOAP"}, "UnsupportedParam"),
    (1, {"apn": {"apn": "internet", "apnAuthentication": "NONE"}}, "UnsupportedParam"),
    (1, {"vpn": {"server": "s", "user": "u", "password": "geheim7", "key": "geheim8", "type": "PPTP"}},
     "UnsupportedParam"),
    (1, {"basicAuthPassword": "geheim9"}, "UnsupportedParam"),
    (1, {"identity": "CS002"}, "UnsupportedParam"),
    (1, {"ocppCsmsUrl": "http://127.0.0.1/ocpp"}, "InvalidURL"),
    (1, {"ocppCsmsUrl": "ws://me:pw@127.0.0.1/ocpp"}, "InvalidURL"),
    (1, {"messageTimeout": 0}, "ValueOutOfRange"),
    (1, {"securityProfile": 1}, "InvalidNetworkConf"),
    (1, {"securityProfile": 3}, "InvalidNetworkConf"),
    (1, {"ocppCsmsUrl": "wss://127.0.0.1/ocpp", "securityProfile": 2}, "InvalidNetworkConf"),  # no roots
], ids=str)
def test_profile_is_refused(keys, slot, changes, reason):
    with Town(keys, csms={"protocols": "ocpp2.1"}) as charger:
        charger.boot_until_known()
        assert charger.set_profile(slot, **{"url": charger.b.ocpp, **{
            "url" if k == "ocppCsmsUrl" else k: v for k, v in changes.items()}}) == ("Rejected", reason)
        assert charger.profile(slot) is None
        assert "geheim" not in (charger.folder / "ocpp.log").read_text()


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
def test_profile_is_kept_and_may_be_set_again(keys, protocol):
    with Town(keys, csms={"protocols": protocol}) as charger:
        charger.boot_until_known()
        assert charger.set_profile(1, charger.b.ocpp) == ("Accepted", None)
        assert charger.set_profile(1, charger.b.ocpp, messageTimeout=7) == ("Accepted", None)
        charger.restart_agent()
        assert charger.profile(1) == f"0 7 {charger.b.ocpp}"
        assert not charger.b.is_online(charger.station)  # nobody has asked for it yet


def test_station_moves_with_its_outbox(keys):
    """… and tells the CSMS there that it has come."""
    with Town(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        assert charger.set_profile(1, charger.b.ocpp) == ("Accepted", None)
        charger.a.fault(charger.station, action="FirmwareStatusNotification", kind="never", times=1000)
        charger.ask(location=charger.b.file_url("update.raucb"), requestId=7)
        wait_for(lambda: "Downloaded" in charger.log(), "the download")
        charger.start_with("1,0")
        charger.until_at(charger.b)
        heard = []

        def told():
            charger.tick()
            heard.extend(charger.heard(charger.b))
            return any(a == "FirmwareStatusNotification" and p["status"] == "Installed" for a, p in heard)

        wait_for(told, lambda: heard, 60)
        assert charger.b.ocpp in ctl(charger, "status")[1]
        assert heard[0][0] == "BootNotification"
        statuses = [p for a, p in heard if a == "FirmwareStatusNotification"]
        assert statuses[0]["status"] == "Downloading"
        assert {p["requestId"] for p in statuses} == {7}
        assert charger.database("SELECT value FROM value WHERE name = 'network-last'") == [("1",)]
        assert "The CSMS is now" not in charger.log()  # wherever it is sent, it is the same CSMS


def test_falls_back_after_its_attempts(keys):
    with Town(keys) as charger:
        charger.boot_until_known()
        assert charger.set_profile(1, charger.b.ocpp) == ("Accepted", None)
        charger.start_with("1,0", attempts=2)
        charger.until_at(charger.b)
        wait_for(lambda: charger.database("SELECT value FROM value WHERE name = 'network-last'") == [("1",)],
                 "the first answer")
        charger.a.new_frames()
        charger.b.program.stop()
        charger.until_at(charger.a)
        log = charger.log()
        log = log[log.index("Connection to the CSMS ended"):]
        assert log[:log.index("Network profile 1 can't be reached")].count("Can't connect to the CSMS") == 2
        heard = []
        wait_for(lambda: heard.extend(charger.heard(charger.a)) or any(a == "StatusNotification" for a, _ in heard),
                 lambda: heard)
        assert heard[0][0] == "BootNotification"  # B10.FR.10
        assert heard[0][1]["reason"] == "Unknown"
        wait_for(lambda: charger.database("SELECT value FROM value WHERE name = 'network-last'") == [("0",)],
                 "the answer")


def test_unreachable_profile_falls_back_to_what_worked(keys):
    """Though the order has no other. And the rounds go on."""
    with Town(keys) as charger:
        charger.boot_until_known()
        port = charger.b.port
        assert charger.set_profile(1, f"ws://127.0.0.1:{port}/ocpp") == ("Accepted", None)
        charger.b.program.stop()
        charger.start_with("1", attempts=1)
        charger.until_at(charger.a)
        assert "Network profile 1 can't be reached; going on with 0" in charger.log()
        charger.b.start_again()
        charger.a.program.stop()
        charger.until_at(charger.b)


@pytest.mark.parametrize("kind", ["never", "close"])
def test_csms_that_takes_connections_alone_does_not_work(keys, kind):
    """Nobody answers BootNotification. The profile's own time-out says how long that takes to be seen."""
    with Town(keys, csms={"message_timeout": "300s"}) as charger:
        charger.boot_until_known()
        assert charger.set_profile(1, charger.b.ocpp, messageTimeout=2) == ("Accepted", None)
        charger.b.fault("*", action="BootNotification", kind=kind, times=1000)
        charger.start_with("1,0", attempts=2)
        wait_for(lambda: charger.log().count("accepted the station") == 2, charger.log)
        assert charger.a.is_online(charger.station)
        assert charger.connections() == 4
        assert charger.database("SELECT value FROM value WHERE name = 'network-last'") == []


@pytest.mark.parametrize("kind,seconds,attempts", [("callerror", {}, 1), ("rejected", {"seconds": 86400}, 3)])
def test_csms_that_does_not_take_the_station_does_not_keep_it(keys, kind, seconds, attempts):
    """It may be the wrong one, and keeps the connection: the right one would never hear of the station again."""
    with Town(keys) as charger:
        charger.boot_until_known()
        assert charger.set_profile(1, charger.b.ocpp) == ("Accepted", None)
        charger.b.fault("*", action="BootNotification", kind=kind, times=1000, **seconds)
        charger.start_with("1", attempts)
        wait_for(lambda: charger.log().count("accepted the station") == 2, charger.log)
        assert charger.a.is_online(charger.station)
        assert "Network profile 1 can't be reached; going on with 0" in charger.log()
        assert charger.database("SELECT value FROM value WHERE name = 'network-last'") == []


def test_answer_that_can_not_be_used_proves_no_profile(keys):
    with Town(keys) as charger:
        charger.boot_until_known()
        assert charger.set_profile(1, charger.b.ocpp) == ("Accepted", None)
        charger.b.fault("*", action="BootNotification", kind="never", times=1000)
        charger.start_with("1", attempts=1)
        frames = []
        wait_for(lambda: frames.extend(e["frame"] for e in charger.b.new_frames() if e["from"] == "station") or frames,
                 "BootNotification")
        charger.csms = charger.b
        charger.send_raw(json.dumps([3, frames[0][1], {"status": "Accepted"}]))
        charger.csms = charger.a
        wait_for(lambda: charger.log().count("accepted the station") == 2, charger.log)
        assert "is not usable" in charger.log()
        assert charger.database("SELECT value FROM value WHERE name = 'network-last'") == []


def test_profile_in_use_is_not_overwritten(keys):
    with Town(keys) as charger:
        charger.boot_until_known()
        assert charger.set_profile(1, charger.b.ocpp) == ("Accepted", None)
        charger.start_with("1,0")
        charger.until_at(charger.b)
        assert charger.set_profile(1, "ws://127.0.0.1:1/ocpp", at=charger.b) == ("Rejected", "InvalidConfSlot")
        assert charger.set_profile(1, charger.b.ocpp, at=charger.b) == ("Accepted", None)
        assert charger.set_profile(2, "ws://127.0.0.1:1/ocpp", at=charger.b) == ("Accepted", None)


def test_no_way_back_to_a_lower_security_profile(keys):
    """Once TLS has worked: neither a profile nor the station's own configuration, until that names another URL."""
    with Town(keys) as charger:
        secure = charger.another("secure", options=[
            "--tls-cert", charger.pki / "csms/server.pem", "--tls-key", charger.pki / "csms/server.key"])
        charger.settings["csms"]["ca_file"] = charger.pki / "csms/root.pem"
        charger.boot_until_known()
        url = f"wss://localhost:{secure.port}/ocpp"
        assert charger.set_profile(1, url, securityProfile=2) == ("Accepted", None)
        assert charger.set_profile(2, charger.b.ocpp) == ("Accepted", None)
        charger.start_with("1,2,0", attempts=1)
        wait_for(lambda: "Security profile 2 works" in charger.log(), charger.log, 30)
        wait_for(lambda: charger.variable_is("NetworkConfigurationPriority") == "1", "the lower ones to go")
        secure.program.stop()
        wait_for(lambda: charger.log().count("Can't connect to the CSMS") >= 3, charger.log, 30)
        assert not charger.a.is_online(charger.station) and not charger.b.is_online(charger.station)
        charger.stop_agent()
        charger.settings["csms"]["url"] = charger.a.ocpp + "/"
        charger.start_agent()
        charger.until_at(charger.a)
        assert charger.profile(1) == f"2 5 {url}"  # may be chosen again


@pytest.mark.parametrize("moment,number,stored", [
    ("before-store", 1, False), ("after-store", 1, False), ("before-store", 2, False), ("after-store", 2, True)])
def test_killed_while_a_profile_is_stored(keys, moment, number, stored):
    """What is stored first is csms.url, then the profile: it is there as a whole, or not at all."""
    with Town(keys) as charger:
        charger.boot_until_known()
        wait_for(lambda: charger.variable_is("HeartbeatInterval"), "all else that is set")
        charger.stop_agent()
        passings = charger.folder / "passings"
        charger.agent_env = {"RAUC_OCPP_FAILPOINT_FILE": str(passings),
                             "RAUC_OCPP_FAILPOINT": f"{moment}/setting:{number}"}
        charger.start_agent()
        wait_for(lambda: charger.log().count("accepted the station") == 2, "the answer")
        waiting = threading.Thread(target=lambda: pytest.raises(Trouble, charger.set_profile, 1, charger.b.ocpp))
        waiting.start()
        wait_for(lambda: passings.read_text().count(f"{moment}/setting") == number, passings.read_text)
        charger.stop_agent(signal.SIGKILL)
        waiting.join()
        assert charger.profile(1) == (f"0 5 {charger.b.ocpp}" if stored else None)
        charger.agent_env = {}
        charger.start_with("1,0")
        charger.until_at(charger.b if stored else charger.a)


def test_move_in_the_configuration_forgets_profiles(keys):
    """They are the old CSMS's."""
    with Town(keys) as charger:
        charger.boot_until_known()
        assert charger.set_profile(1, charger.b.ocpp) == ("Accepted", None)
        charger.start_with("1,0")
        charger.until_at(charger.b)
        charger.stop_agent()
        charger.settings["csms"]["url"] = f"ws://localhost:{charger.a.port}/ocpp"
        charger.start_agent()
        charger.until_at(charger.a)
        assert charger.profile(1) is None
        assert charger.variable_is("NetworkConfigurationPriority") == "0"


@pytest.mark.parametrize("protocol,connectors,threshold,told", [
    ("ocpp2.1", 2, 0, True), ("ocpp2.0.1", 2, 3600, False), ("ocpp1.6", 3, 0, False)])
def test_connectors_after_a_time_offline(keys, protocol, connectors, threshold, told):
    """B04: all of them after more than OfflineThreshold, else those alone that have changed. 1.6 has no such thing."""
    with Town(keys, csms={"protocols": protocol}, station={"connectors": "2"}) as charger:
        charger.boot_until_known()
        wait_for(lambda: len(charger.payloads("StatusNotification")) == connectors, "all connectors")
        charger.stop_agent()
        charger.variable("OfflineThreshold", threshold)
        charger.start_agent()
        wait_for(lambda: len(charger.payloads("StatusNotification")) == 2 * connectors, "all, for it is a start")
        charger.a.program.stop()
        time.sleep(1.2)
        charger.a.start_again()
        charger.until_at(charger.a)
        charger.beat()
        if told:
            wait_for(lambda: len(charger.payloads("StatusNotification")) == 3 * connectors, "all")
        else:
            time.sleep(1)
            assert len(charger.payloads("StatusNotification")) == 2 * connectors
        assert len(charger.boot_reports()) == 2


# ---- waiting ----

def arrivals(port, count):
    """When so many connections came, each of which is refused."""
    times = []
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(30)
        while len(times) < count:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                times.append(time.monotonic())
                connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
    return times


def test_waits_grow_as_the_csms_sees_them(keys):
    """TC_B_57_CS, with the variables' values instead of the configuration's; then they stay."""
    with Town(keys, csms={"backoff_wait_minimum": "40s", "backoff_random_range": "40s"}) as charger:
        charger.boot_until_known()
        charger.stop_agent()
        for name, value in (("WaitMinimum", 1), ("RandomRange", 0), ("RepeatTimes", 2)):
            charger.variable(f"RetryBackOff{name}", value)
        charger.start_agent()
        wait_for(lambda: charger.log().count("accepted the station") == 2, "the answer")
        charger.a.program.stop()
        end = time.monotonic()
        times = [end, *arrivals(charger.a.port, 4)]
        waits = [b - a for a, b in zip(times, times[1:])]
        assert all(wait > least - 0.5 for wait, least in zip(waits, (1, 2, 4, 4))), waits  # how much longer is the machine's
        told = [float(wait) for wait in re.findall(r"again in ([\d.]+) s", charger.log())][:4]
        assert told[0] == 1 and told[3] == told[2], told
        for i in range(2):  # twice what the last one was, for the agent and as it is seen here
            assert 2 * told[i] - 0.1 <= told[i + 1] <= 2 * max(told[i], waits[i]) + 0.5, (told, waits)
            assert waits[i + 1] >= 2 * waits[i] - 0.5, waits


def test_waits_go_on_from_profile_to_profile(keys):
    with Town(keys) as charger:
        charger.boot_until_known()
        assert charger.set_profile(1, "ws://127.0.0.1:1/ocpp") == ("Accepted", None)
        charger.a.program.stop()
        charger.variable("RetryBackOffRepeatTimes", 2)
        charger.start_with("1,0", attempts=1)
        wait_for(lambda: charger.log().count("going on with 1") == 2, charger.log, 40)
        log = charger.log()
        log = log[log.index("Stopping on signal"):]
        assert re.findall(r"going on with (\d)", log)[:3] == ["0", "1", "0"]
        assert re.findall(r"again in ([\d.]+) s", log)[:4] == ["1.0", "2.0", "4.0", "4.0"]
