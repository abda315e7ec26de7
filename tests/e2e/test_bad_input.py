"""What a CSMS may send that it should not: frames that are none, calls that are wrong, answers that are garbage,
doubled, late or missing. The agent goes on, says what OCPP wants said, and loses nothing. See stage.py."""
import contextlib
import copy
import signal

import pytest

from stage import Stage, in_seconds, wait_for

VERSIONS = ["ocpp2.0.1", "ocpp1.6"]
MAX_FRAME = 64 << 10


@contextlib.contextmanager
def connected(keys, version, **csms):
    """A charger that has nothing more to say or to log."""
    with Stage(keys, csms={"protocols": version, "backoff_repeat_times": "0", **csms}) as charger:
        charger.boot_until_known()
        wait_for(lambda: len(charger.payloads("StatusNotification")) == 1 + (version == "ocpp1.6"), "the connectors")
        wait_for(lambda: "is confirmed" in charger.log(), "the proof of the slot")
        charger.beat()
        yield charger


class Since:
    """What the charger sent and logged since."""

    def __init__(self, charger):
        self.charger, self.frames, self.log = charger, len(charger.sent()), len(charger.log())

    def errors(self):
        return [tuple(f[1:3]) for f in self.charger.sent()[self.frames:] if f[0] == 4]

    def results(self):
        return [f[1:] for f in self.charger.sent()[self.frames:] if f[0] == 3]

    def lines(self):
        return self.charger.log()[self.log:].splitlines()


def still_serves(charger, connections=1):
    """An update is taken and its statuses come; no connection was lost but those that had to be."""
    assert charger.job == "idle"
    before = len(charger.statuses())
    answer = charger.ask(location=charger.csms.file_url("none"))
    assert answer["result"].get("status", "Accepted") == "Accepted"
    wait_for(lambda: charger.statuses()[before:] == ["Downloading", "DownloadFailed"], "the statuses of an update")
    assert charger.connections() == connections
    assert len(charger.boot_reports()) == 1


# ---- frames ----

NO_FRAME, NO_TYPE, NOT_AWAITED = "is no OCPP-J frame", "unknown message type", "waits for no answer"
UNREADABLE = "-1", "RpcFrameworkError"
HEARTBEAT = '"TriggerMessage",{"requestedMessage":"Heartbeat"}]'

# The frame; the CALLERROR of 2.0.1 and that of 1.6, None for silence; what is logged.
FRAMES = {
    "no JSON": ("garbage", UNREADABLE, None, NO_FRAME),
    "nothing": ("", UNREADABLE, None, NO_FRAME),
    "half a call": ('[2,"a1","TriggerMessage",{"requestedMess', UNREADABLE, None, NO_FRAME),
    "two calls": (f'[2,"a2",{HEARTBEAT}[2,"a3",{HEARTBEAT}', UNREADABLE, None, NO_FRAME),
    "a NUL in the text": (f'[2,"a4",\0{HEARTBEAT}', UNREADABLE, None, NO_FRAME),
    "an object": ('{"2":"Heartbeat"}', UNREADABLE, None, NO_FRAME),
    "a number": ("2", UNREADABLE, None, NO_FRAME),
    "an empty array": ("[]", UNREADABLE, None, NO_FRAME),
    "a type that is a word": (f'["2","a5",{HEARTBEAT}', UNREADABLE, None, NO_FRAME),
    "an id that is a number": (f'[2,17,{HEARTBEAT}', UNREADABLE, None, NO_FRAME),
    "an id that is too long": (f'[2,"{"i" * 37}",{HEARTBEAT}', UNREADABLE, None, NO_FRAME),
    "brackets without end": ("[" * 60000, UNREADABLE, None, NO_FRAME),
    "objects in objects": ('[2,"a6","TriggerMessage",' + '{"a":' * 99 + "1" + "}" * 99 + "]",
                           UNREADABLE, None, NO_FRAME),
    "no action": ('[2,"b1"]', ("b1", "ProtocolError"), ("b1", "ProtocolError"), NO_FRAME),
    "no payload": ('[2,"b2","Reset"]', ("b2", "ProtocolError"), ("b2", "ProtocolError"), NO_FRAME),
    "one element more": (f'[2,"b3",{HEARTBEAT[:-1]},1]', ("b3", "ProtocolError"), ("b3", "ProtocolError"), NO_FRAME),
    "an action that is a number": ('[2,"b4",4,{}]', ("b4", "ProtocolError"), ("b4", "ProtocolError"), NO_FRAME),
    "a payload that is null": ('[2,"b5","TriggerMessage",null]', ("b5", "TypeConstraintViolation"),
                               ("b5", "TypeConstraintViolation"), NO_FRAME),
    "an action of no version": ('[2,"b6","Explode",{}]', ("b6", "NotImplemented"), ("b6", "NotImplemented"),
                                "an action that OCPP"),
    "an action in small letters": ('[2,"b7","reset",{}]', ("b7", "NotImplemented"), ("b7", "NotImplemented"),
                                   "an action that OCPP"),
    "an action for others": ('[2,"b8","ReserveNow",{"type":7}]', ("b8", "NotSupported"), ("b8", "NotSupported"),
                             "asked for ReserveNow, which the agent does not serve"),
    "a member given twice": (f'[2,"b9",{HEARTBEAT[:-2]},"requestedMessage":"Heartbeat"}}]',
                             ("b9", "OccurrenceConstraintViolation"), ("b9", "OccurenceConstraintViolation"),
                             "requestedMessage is given twice"),
    "a type of 2.1": ('[6,"c1","NotifyPeriodicEventStream",{}]', ("c1", "MessageTypeNotSupported"), None, NO_TYPE),
    "a type of nobody": ('[99,"c2"]', ("c2", "MessageTypeNotSupported"), None, NO_TYPE),
    "an answer to nothing": ('[3,"nobody",{}]', None, None, NOT_AWAITED),
    "an error to nothing": ('[4,"nobody","GenericError","",{}]', None, None, NOT_AWAITED),
    "half an answer": ('[3,"nobody",{"a', None, None, NO_FRAME),
    "half an error": ('[4,"nobody",', None, None, NO_FRAME),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_frame_that_is_wrong(keys, version):
    """An answer where the version has one, a line in the log, and nothing else."""
    with connected(keys, version) as charger:
        for what, (text, *answers, line) in FRAMES.items():
            error = answers[VERSIONS.index(version)]
            since = Since(charger)
            charger.send_raw(text)
            charger.beat()
            assert since.errors() == ([error] if error else []), what
            assert len(since.results()) == 1, what  # to the trigger of beat()
            assert len(since.lines()) == 1 and line in since.lines()[0], (what, since.lines())
        still_serves(charger)


@pytest.mark.parametrize("version", VERSIONS)
def test_binary_frame_is_dropped(keys, version):
    with connected(keys, version) as charger:
        since = Since(charger)
        charger.send_raw(f'[2,"a",{HEARTBEAT}', binary=True)
        charger.beat()
        assert not since.errors() and len(since.results()) == 1
        assert len(since.lines()) == 1 and "binary message" in since.lines()[0]
        charger.send_raw(b"\xff\xfe\0" * 20000, binary=True)
        still_serves(charger)


@pytest.mark.parametrize("version", VERSIONS)
def test_frame_that_is_too_long(keys, version):
    """It ends the connection; what was not answered on it is sent on the next, and no BootNotification."""
    with connected(keys, version, max_frame="64K") as charger:
        since = Since(charger)
        charger.send_raw(f'[2,"a",{HEARTBEAT}'.ljust(MAX_FRAME))
        charger.beat()
        assert ["a", {"status": "Accepted"}] in since.results()
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="never")
        charger.ask(location=charger.csms.file_url("none"))
        charger.until_status("Downloading")
        charger.send_raw(f'[2,"b",{HEARTBEAT}'.ljust(MAX_FRAME + 1))
        charger.until_status("DownloadFailed")
        assert charger.statuses() == ["Downloading", "Downloading", "DownloadFailed"]
        assert charger.log().count(f"a message was longer than {MAX_FRAME} bytes") == 1
        assert "b" not in [r[0] for r in since.results()]
        still_serves(charger, connections=2)


# ---- calls ----

ABSENT = object()
FIRMWARE = {"location": "http://127.0.0.1:1/none", "retrieveDateTime": in_seconds(3600), "signingCertificate": "none",
            "signature": "none"}
SIGNED = {"requestId": 1, "firmware": FIRMWARE}
PLAIN = {"location": "http://127.0.0.1:1/none", "retrieveDate": in_seconds(3600)}
TRIGGER = {"requestedMessage": "Heartbeat"}
TYPE, VALUE = "TypeConstraintViolation", "PropertyConstraintViolation"
NUMBER = {"ocpp2.0.1": "OccurrenceConstraintViolation", "ocpp1.6": "OccurenceConstraintViolation"}

# What is sent well, the member that is wrong, its value, and the error.
CALLS = [
    (SIGNED, "requestId", ABSENT, NUMBER),
    (SIGNED, "requestId", "1", TYPE),
    (SIGNED, "requestId", 1.5, TYPE),
    (SIGNED, "requestId", None, TYPE),
    (SIGNED, "requestId", 2 ** 31, VALUE),
    (SIGNED, "retries", True, TYPE),
    (SIGNED, "firmware", ABSENT, NUMBER),
    (SIGNED, "firmware", [FIRMWARE], TYPE),
    (SIGNED, "firmware.location", ABSENT, NUMBER),
    (SIGNED, "firmware.location", {}, TYPE),
    (SIGNED, "firmware.location", "http://host/".ljust(513, "a"), VALUE),
    (SIGNED, "firmware.retrieveDateTime", ABSENT, NUMBER),
    (SIGNED, "firmware.retrieveDateTime", 0, TYPE),
    (SIGNED, "firmware.retrieveDateTime", "tomorrow", VALUE),
    (SIGNED, "firmware.installDateTime", "2026-02-30T00:00:00Z", VALUE),
    (SIGNED, "firmware.signingCertificate", "a" * 5501, VALUE),
    (SIGNED, "firmware.signature", "a" * 801, VALUE),
    (TRIGGER, "requestedMessage", ABSENT, NUMBER),
    (TRIGGER, "requestedMessage", 1, TYPE),
    (TRIGGER, "requestedMessage", "Nonsense", VALUE),
]
CALLS_1_6 = [
    (SIGNED, "firmware.signature", ABSENT, NUMBER),
    (SIGNED, "firmware.signingCertificate", ABSENT, NUMBER),
    (PLAIN, "location", ABSENT, NUMBER),
    (PLAIN, "location", 1, TYPE),
    (PLAIN, "retrieveDate", "tomorrow", VALUE),
    (PLAIN, "retries", "3", TYPE),
    (TRIGGER, "connectorId", "1", TYPE),
]
CALLS_2_0_1 = [
    (TRIGGER, "evse", 1, TYPE),
    (TRIGGER, "evse.id", "1", TYPE),
]


def broken(payload, path, value):
    """A copy with one member changed."""
    copied = copy.deepcopy(payload)
    *outer, name = path.split(".")
    inner = copied
    for step in outer:
        inner = inner.setdefault(step, {})
    inner[name] = value
    if value is ABSENT:
        del inner[name]
    return copied


@pytest.mark.parametrize("version", VERSIONS)
def test_call_that_is_wrong(keys, version):
    """Refused by the version's own word, whole, and told in the log with the member's name."""
    is_16 = version == "ocpp1.6"
    with connected(keys, version) as charger:
        for payload, path, value, code in CALLS + (CALLS_1_6 if is_16 else CALLS_2_0_1):
            action = "TriggerMessage" if payload is TRIGGER else "UpdateFirmware"
            if payload is SIGNED and is_16:
                action = "SignedUpdateFirmware"
            since = Since(charger)
            error = charger.csms.call(charger.station, action, broken(payload, path, value))["error"]
            assert error["code"] == (code if isinstance(code, str) else code[version]), (path, value)
            assert path in error["description"] and str(value)[:50] not in error["description"]
            charger.beat()
            assert len(since.lines()) == 1 and f"{action} refused: {path} " in since.lines()[0], since.lines()
            assert charger.job == "idle"
        if is_16:
            assert charger.trigger("Nonsense", "ExtendedTriggerMessage") == VALUE
        still_serves(charger)


# ---- answers ----

def call_id(charger, action):
    """The id of the last call of this kind."""
    return [f[1] for f in charger.sent() if f[0] == 2 and f[2] == action][-1]


def fail_a_download(charger, kind, expected, **fault):
    """An update that ends at once, where the answers to its statuses have this fault."""
    before = len(charger.statuses())
    charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind=kind, **fault)
    charger.ask(location=charger.csms.file_url("none"))
    wait_for(lambda: charger.statuses()[before:] == expected, lambda: f"{kind}: {charger.statuses()[before:]}")


@pytest.mark.parametrize("version,kind", [("ocpp2.0.1", "never"), ("ocpp1.6", "garbled")])
def test_answer_that_is_wrong(keys, version, kind):
    """What was answered is not said twice; what was not is, in order and by a new id, on a new connection."""
    with connected(keys, version, message_timeout="1s") as charger:
        fail_a_download(charger, "twice", ["Downloading", "DownloadFailed"], times=2)
        charger.beat()
        assert charger.log().count(NOT_AWAITED) == 2
        fail_a_download(charger, "late", ["Downloading", "DownloadFailed"], seconds=0.3)
        charger.beat()
        assert charger.connections() == 1
        fail_a_download(charger, kind, ["Downloading", "Downloading", "DownloadFailed"])
        assert charger.log().count("did not answer FirmwareStatusNotification in time, connecting anew") == 1
        assert charger.log().count(NO_FRAME) == (kind == "garbled")
        ids = [f[1] for f in charger.sent() if f[0] == 2]
        assert len(set(ids)) == len(ids)
        charger.beat()
        since = Since(charger)
        charger.send_raw(f'[3,"{ids[-3]}",{{}}]')  # the answer at last
        charger.beat()
        assert len(since.lines()) == 1 and NOT_AWAITED in since.lines()[0]
        still_serves(charger, connections=2)


@pytest.mark.parametrize("version", VERSIONS)
def test_answer_of_the_wrong_form(keys, version):
    """To a Heartbeat: a line in the log, no more. One that is no answer at all ends nothing."""
    with connected(keys, version) as charger:
        charger.csms.fault(charger.station, action="Heartbeat", kind="never", times=4)
        for payload in ('{"currentTime":5}', '{"currentTime":"noon"}', "{}"):
            charger.beat()
            since = Since(charger)
            charger.send_raw(f'[3,"{call_id(charger, "Heartbeat")}",{payload}]')
            wait_for(lambda s=since: len(s.lines()) == 1, "the line")
            assert "answer to Heartbeat is not usable: currentTime" in since.lines()[0]
        charger.beat()
        since = Since(charger)
        charger.send_raw(f'[3,"{call_id(charger, "Heartbeat")}",[]]')
        charger.send_raw(f'[4,"{call_id(charger, "Heartbeat")}",5]')
        charger.send_raw(f'[4,"{call_id(charger, "Heartbeat")}","NoWordOfOcpp"]')
        charger.beat()
        assert [NO_FRAME in line for line in since.lines()] == [True, True, False]
        assert "Heartbeat with the error NoWordOfOcpp" in since.lines()[2]
        still_serves(charger)


@pytest.mark.parametrize("version", VERSIONS)
def test_boot_notification_that_is_answered_badly(keys, version):
    """Twice is once; garbled is never, and asked again on a new connection."""
    with Stage(keys, csms={"protocols": version, "message_timeout": "1s"}) as charger:
        charger.csms.fault("*", action="BootNotification", kind="garbled")
        charger.boot_until_known()
        wait_for(lambda: len(charger.boot_reports()) == 1, "BootNotification")
        charger.csms.fault(charger.station, action="BootNotification", kind="twice")
        wait_for(lambda: "accepted the station" in charger.log(), "the second BootNotification")
        charger.beat()
        assert len(charger.boot_reports()) == 2
        assert charger.log().count("accepted the station") == 1
        assert charger.log().count(NO_FRAME) == 1 and charger.log().count(NOT_AWAITED) == 1
        assert charger.connections() == 2


def test_connector_that_was_asked_for_and_not_answered(keys):
    """It is told again, and not all from 0 on."""
    with connected(keys, "ocpp2.0.1", message_timeout="1s") as charger:
        charger.csms.fault(charger.station, action="StatusNotification", kind="never")
        assert charger.trigger("StatusNotification", evse={"id": 1, "connectorId": 1}) == "Accepted"
        wait_for(lambda: charger.connections() == 2, "the next connection")
        charger.beat()
        wait_for(lambda: len(charger.payloads("StatusNotification")) >= 3, "the second telling")
        charger.beat()
        assert [p["evseId"] for p in charger.payloads("StatusNotification")] == [1, 1, 1]


def test_error_as_the_answer_to_a_status(keys):
    """To an intermediate one it counts as delivered; a final one is sent again if the error may pass."""
    with Stage(keys) as charger:
        charger.boot_until_known()
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="callerror", times=2)
        charger.ask(location=charger.csms.file_url("none"))
        wait_for(lambda: "FirmwareStatusNotification with the error InternalError" in charger.log(), "the error")
        charger.until_status("DownloadFailed")
        charger.beat()
        assert charger.statuses() == ["Downloading", "DownloadFailed"]
        assert charger.outbox() == ["DownloadFailed"]
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="callerror", code="NotSupported")
        charger.restart_agent()  # which does not wait
        wait_for(lambda: charger.statuses() == ["Downloading", "DownloadFailed", "DownloadFailed"], "the second try")
        charger.until_outbox_empty()
        charger.restart_agent()
        charger.beat()
        assert len(charger.statuses()) == 3


def test_final_status_that_is_never_answered_is_set_aside(keys):
    """After five tries, four of them written into the database; it comes after the next BootNotification."""
    with Stage(keys, csms={"protocols": "ocpp1.6"}) as charger:
        charger.boot_until_known()
        charger.beat()
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="never", times=2)
        charger.ask(location="rubbish")
        charger.until_status("DownloadFailed")
        charger.stop_agent(signal.SIGKILL)
        charger.database("UPDATE outbox SET tries = 4")
        charger.settings["csms"]["message_timeout"] = "1s"
        charger.restart_agent()
        wait_for(lambda: "sent again after the next BootNotification" in charger.log(), "the fifth try")
        wait_for(lambda: charger.connections() == 3, "the next connection")
        charger.ask(location="rubbish")
        charger.beat()
        assert charger.statuses() == ["DownloadFailed"] * 3
        wait_for(lambda: charger.database("SELECT aside FROM outbox") == [(1,)], "the one aside")
        charger.restart_agent()
        charger.until_outbox_empty()
        assert charger.statuses() == ["DownloadFailed"] * 4


# ---- extremes that are allowed ----

BIG = 2_000_000_000

EXTREMES = [  # what the order says, and the statuses until it is canceled by the next one
    ({"retrieveDateTime": "9999-12-31T23:59:59Z"}, ["DownloadScheduled"]),
    ({"retrieveDateTime": "1970-01-01T00:00:00Z"}, ["Downloading", "DownloadFailed"]),
    ({"retrieveDateTime": "2016-12-31T23:59:60Z"}, ["Downloading", "DownloadFailed"]),
    ({"retrieveDateTime": "0001-01-01T00:00:00Z"}, ["Downloading", "DownloadFailed"]),
    ({"installDateTime": "9999-12-31T23:59:59+14:00"}, ["Downloading", "DownloadFailed"]),
    ({"requestId": -(1 << 31)}, ["Downloading", "DownloadFailed"]),
    ({"retries": BIG, "retryInterval": BIG, "location": "http://127.0.0.1:1/none"}, ["Downloading"]),
    ({"retries": -5, "retryInterval": -BIG, "location": "http://127.0.0.1:1/none"}, ["Downloading", "DownloadFailed"]),
    ({"retries": 2, "retryInterval": -BIG, "location": "http://127.0.0.1:1/none"}, ["Downloading", "DownloadFailed"]),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_extreme_orders_are_answered_and_end(keys, version):
    """Dates at the ends of time, two billion retries, negative intervals: an answer, an end, and never a hang."""
    with connected(keys, version) as charger:
        for number, (order, expected) in enumerate(EXTREMES):
            if version == "ocpp1.6" and "installDateTime" in order:
                continue  # plain 1.6 has none
            before = len(charger.statuses())
            answer = charger.ask(**{"location": charger.csms.file_url("none"), "requestId": number, **order})
            assert answer.get("result", {}).get("status", "Accepted") in ("Accepted", "AcceptedCanceled"), (order, answer)
            if version == "ocpp1.6":
                expected = [s for s in expected if s != "DownloadScheduled"]
            wait_for(lambda b=before, e=expected: charger.statuses()[b:] == e,
                     lambda o=order, b=before: f"{o}: {charger.statuses()[b:]}")
            charger.beat()
            if version == "ocpp2.0.1":
                assert {r["requestId"] for r in charger.reports()[before:]} == {order.get("requestId", number)}
        long = "http://127.0.0.1:1/" + "x" * 1981
        answer = charger.ask(location=long, requestId=99)
        if version == "ocpp1.6":  # anyURI has no limit of its own; 2.0.1's is 512
            assert answer == {"result": {}}
        else:
            assert answer["error"]["code"] == "PropertyConstraintViolation"
        charger.beat()


@pytest.mark.parametrize("size,code", [(5500, None), (5501, "PropertyConstraintViolation")])
def test_certificate_of_the_greatest_length(keys, size, code):
    with connected(keys, "ocpp2.0.1") as charger:
        answer = charger.ask(signingCertificate="x" * size, signature="y" * 800)
        if code:
            assert answer["error"]["code"] == code
        else:
            assert answer["result"]["status"] == "InvalidCertificate"
        charger.beat()
