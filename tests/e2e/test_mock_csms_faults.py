"""Faults of mock-csms for many stations, of connections, handshakes and TLS. The real agent meets them in test_faults_csms.py."""
import json
import ssl
import subprocess
import time

import pytest

from mockcsms import MockCsms, trusting, wait_until
from wsclient import PING, PONG, TEXT, Closed, Refused, Station


def add(csms, **fault):
    answer = csms.request("POST", "/api/faults", json.dumps(fault))
    assert answer.status == 201, answer.body
    return answer.json


def refusal(csms, fault):
    answer = csms.request("POST", "/api/faults", json.dumps(fault))
    assert answer.status == 400, answer.body
    return answer.json["title"]


def listed(csms):
    return csms.get("/api/faults").json


# Which stations ---------------------------------------------------------------------------------------------------------

def test_a_share_is_the_same_each_time_and_part_of_a_larger_one(csms):
    names = [f"CP{i}" for i in range(60)]
    stations = [Station(csms.port, name) for name in names]
    try:
        def hit(percent, seed):
            fault = add(csms, action="Heartbeat", kind="callerror", percent=percent, seed=seed)
            assert csms.request("DELETE", f"/api/faults/{fault['id']}").status == 204
            assert fault["stationsCount"] == len(fault["stations"])
            return set(fault["stations"])
        third = hit(30, "a")
        assert third == hit(30, "a") and third < hit(60, "a") and third != hit(30, "b")
        assert hit(100, "a") == set(names) and 0 < len(third) < 40
        add(csms, action="Heartbeat", kind="callerror", percent=30, seed="a")
        assert {s.identity for s in stations if s.call("Heartbeat")[0] == 4} == third
        assert listed(csms)[0]["applied"] == len(third)
        assert all(s.call("Heartbeat")[0] == 3 for s in stations)  # once for each
    finally:
        for station in stations:
            station.close()


def test_a_filter_and_one_who_is_yet_to_come(csms):
    with Station(csms.port, "A1", ["ocpp1.6"]) as a, Station(csms.port, "B1") as b:
        fault = add(csms, action="Heartbeat", kind="callerror", filter={"protocol": "ocpp1.6"})
        assert fault["stations"] == ["A1"] and fault["filter"] == {"protocol": "ocpp1.6"}
        assert (a.call("Heartbeat")[0], b.call("Heartbeat")[0]) == (4, 3)
        assert add(csms, station="later", action="Heartbeat", kind="callerror")["stations"] == []
        with Station(csms.port, "later") as later:
            assert [later.call("Heartbeat")[0] for _ in range(2)] == [4, 3]


def test_the_newest_decides_and_one_used_up_gives_way(csms, station):
    add(csms, action="Heartbeat", kind="callerror", code="Old", times=0)
    add(csms, station="CP1", action="Heartbeat", kind="callerror", code="New")
    assert [station.call("Heartbeat")[2] for _ in range(2)] == ["New", "Old"]
    assert [fault["station"] for fault in listed(csms)] == [None]


def test_one_station_is_left_out_of_what_is_for_all(csms, station):
    with Station(csms.port, "CP2") as other:
        add(csms, action="Heartbeat", kind="callerror", times=0)
        assert csms.post("CP1", "fault", {"action": "Heartbeat", "kind": "none"}).status == 204
        assert csms.get(f"/api/faults/{listed(csms)[0]['id']}").json["stations"] == ["CP2"]
        assert (station.call("Heartbeat")[0], other.call("Heartbeat")[0]) == (3, 4)


def test_faults_are_listed_and_taken_away(csms, station):
    first = add(csms, action="Heartbeat", kind="callerror", times=0)
    second = add(csms, kind="refused", status=404, station="X")
    assert [fault["id"] for fault in listed(csms)] == [first["id"], second["id"]]
    assert first["of"] == "answer" and second["of"] == "handshake" and second["status"] == 404
    assert csms.get(f"/api/faults/{first['id']}").json["stations"] == ["CP1"]
    assert csms.request("DELETE", f"/api/faults/{first['id']}").status == 204
    assert csms.request("DELETE", f"/api/faults/{first['id']}").status == 404
    assert station.call("Heartbeat")[0] == 3
    assert csms.request("DELETE", "/api/faults").status == 204 and listed(csms) == []


def test_a_fault_goes_by_itself(csms, station):
    add(csms, action="Heartbeat", kind="callerror", times=0, duration=0.5)
    assert station.call("Heartbeat")[0] == 4
    wait_until(lambda: listed(csms) == [])
    assert station.call("Heartbeat")[0] == 3


def test_the_same_again_takes_the_place_and_there_is_an_end(csms):
    for _ in range(3):
        add(csms, action="Heartbeat", kind="never")
    assert len(listed(csms)) == 1
    answers = [csms.request("POST", "/api/faults", json.dumps({"station": f"S{i}", "action": "Heartbeat", "kind": "never"})).status
               for i in range(256)]
    assert answers.count(201) == 255 and answers[-1] == 409


@pytest.mark.parametrize("fault, named", [
    ({"kind": "odd"}, "kind"), ({}, "kind"), ({"kind": "slowread"}, "bytesPerSecond"), ({"kind": "late", "action": "Heartbeat"}, "seconds"),
    ({"kind": "halfopen", "action": "Heartbeat"}, "action"), ({"kind": "refused", "status": 200}, "status"),
    ({"kind": "refused", "status": 503.5}, "status"), ({"kind": "disconnect", "frames": 0}, "frames"),
    ({"kind": "subprotocol", "subprotocol": "a\r\nb"}, "subprotocol"), ({"kind": "disconnect", "percent": 0}, "percent"),
    ({"kind": "disconnect", "percent": 101}, "percent"), ({"kind": "disconnect", "station": "*"}, "station"),
    ({"kind": "disconnect", "filter": []}, "filter"), ({"kind": "disconnect", "filter": {"odd": 1}}, "odd"),
    ({"kind": "disconnect", "duration": 0}, "duration"), ({"kind": "disconnect", "seed": 7}, "seed"),
    ({"kind": "expiredtls"}, "--tls-expired-cert"), ({"kind": "expiredtls", "station": "A"}, "station"),
    ({"kind": "never", "action": "Reset"}, "action"), ({"kind": "disconnect", "<b>": 1}, "member"),
])
def test_bad_faults_are_told_by_the_member(csms, fault, named):
    assert named in refusal(csms, fault)
    assert listed(csms) == []


# Connections ------------------------------------------------------------------------------------------------------------

def test_closed_after_frames(csms):
    add(csms, station="CP1", kind="disconnect", frames=3)
    with Station(csms.port, "CP1") as station:
        for _ in range(2):
            station.call("Heartbeat")
        station.send_frame('[2,"x","Heartbeat",{}]')
        assert station.answer_to("x")[0] == 3  # the third is answered still
        with pytest.raises(Closed):
            station.recv_message()
    wait_until(lambda: listed(csms) == [])  # once
    with Station(csms.port, "CP1") as station:
        for _ in range(5):
            station.call("Heartbeat")


def test_closed_after_seconds_and_at_once(csms, station):
    add(csms, kind="disconnect", seconds=0.3, times=2)
    with pytest.raises(Closed):
        station.recv_message()
    with Station(csms.port, "CP1") as again:
        with pytest.raises(Closed):
            again.recv_message()
    add(csms, kind="disconnect", times=0)
    with Station(csms.port, "CP9") as other:
        with pytest.raises(Closed):
            other.recv_message()


def test_half_open_neither_reads_nor_answers_until_it_is_over(csms, station):
    fault = add(csms, station="CP1", kind="halfopen", frames=1)
    station.call("Heartbeat")
    station.send_frame(b"are you there", PING)
    station.send_frame('[2,"x","Heartbeat",{}]')
    station.sock.settimeout(1)
    with pytest.raises(TimeoutError):
        station.sock.recv(1)
    assert csms.stations()["CP1"]["online"]
    assert csms.request("DELETE", f"/api/faults/{fault['id']}").status == 204
    came = {}
    for _ in range(2):  # in either order (RFC 6455 5.5.3)
        first, size = station._take(2)
        came[first] = station._take(size)
    assert came[0x80 | PONG] == b"are you there" and json.loads(came[0x80 | TEXT])[:2] == [3, "x"]


def test_half_open_gives_way_to_a_new_connection(csms, station):
    add(csms, station="CP1", kind="halfopen")
    station.send_frame('[2,"x","Heartbeat",{}]')
    with Station(csms.port, "CP1") as again:
        assert again.call("Heartbeat")[0] == 3
        wait_until(lambda: listed(csms) == [])
        station.sock.settimeout(10)
        try:  # the old one ends, with or without a word
            while station.sock.recv(100):
                pass
        except ConnectionResetError:
            pass


def test_half_open_throws_away_what_it_sends(csms, station):
    add(csms, station="CP1", kind="halfopen")
    assert csms.post("CP1", "call", {"action": "Reset", "payload": {}}).status == 504
    station.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        station.sock.recv(1)


def test_slow_reading_comes_to_its_end(csms, station):
    fault = add(csms, station="CP1", kind="slowread", bytesPerSecond=2000)
    begin = time.monotonic()
    for i in range(4):
        station.send_frame(f'[2,"{i}","Heartbeat",{{"x":"{"y" * 2000}"}}]')
    assert station.answer_to("3")[0] == 3
    assert time.monotonic() - begin >= 1  # never faster than it was told
    station.send_frame(f'[2,"a","Heartbeat",{{"x":"{"y" * 200000}"}}]')
    station.send_frame('[2,"b","Heartbeat",{}]')
    assert csms.request("DELETE", f"/api/faults/{fault['id']}").status == 204
    assert station.answer_to("b")[0] == 3


# Handshakes -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status", [401, 404, 503])
def test_refused_counts_stations_that_were_never_seen(csms, status):
    add(csms, station="CP1", kind="refused", status=status, times=2)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            Station(csms.port, "CP1")
        assert refused.value.status == status
    with Station(csms.port, "CP1") as station, Station(csms.port, "CP2"):
        assert station.call("Heartbeat")[0] == 3


@pytest.mark.parametrize("word", ["ocpp9.9", "", "x" * 64])
def test_wrong_subprotocol(csms, word):
    add(csms, kind="subprotocol", subprotocol=word)
    with Station(csms.port, "CP1", ["ocpp2.0.1", "ocpp1.6"]) as station:
        assert station.protocol == (word or None)
    with Station(csms.port, "CP1", ["ocpp2.0.1", "ocpp1.6"]) as station:
        assert station.protocol == "ocpp2.0.1" and station.call("Heartbeat")[0] == 3


# TLS --------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def expired(certificate):
    """A certificate for localhost that has expired, by a root of its own."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=certificate, check=True, capture_output=True, timeout=60)
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "old-key.pem", "-out", "old.csr",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    (certificate / "old.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    (certificate / "old.index").write_text("")
    (certificate / "old.conf").write_text(
        "[ca]\ndefault_ca = c\n[c]\ndatabase = old.index\nrand_serial = yes\nnew_certs_dir = .\ndefault_md = sha256\npolicy = p\n"
        "copy_extensions = copy\n[p]\ncommonName = supplied\n")
    openssl("ca", "-batch", "-notext", "-config", "old.conf", "-cert", "cert.pem", "-keyfile", "key.pem", "-in", "old.csr", "-out",
            "old.pem", "-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
    return ["--tls-cert", certificate / "cert.pem", "--tls-key", certificate / "key.pem", "--tls-expired-cert",
            certificate / "old.pem", "--tls-expired-key", certificate / "old-key.pem"]


def test_expired_certificate_is_shown_so_many_times(certificate, expired):
    trust = trusting(certificate / "cert.pem")
    with MockCsms(*expired, tls=trust) as csms:
        add(csms, kind="expiredtls", times=2)
        for _ in range(2):
            with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
                Station(csms.port, "CP1", tls=trust)
        with Station(csms.port, "CP1", tls=trust) as station:
            assert station.call("Heartbeat")[0] == 3
        assert listed(csms) == []  # nobody is left for it


def test_expired_certificate_wants_its_files(certificate, expired):
    with pytest.raises(RuntimeError):
        MockCsms("--tls-expired-cert", certificate / "old.pem", "--tls-expired-key", certificate / "old-key.pem")
    with pytest.raises(RuntimeError):
        MockCsms(*expired[:4], "--tls-expired-cert", certificate / "old.pem", "--tls-expired-key", certificate / "key.pem")
