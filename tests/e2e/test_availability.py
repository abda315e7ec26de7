"""ChangeAvailability, and what a station without charging logic answers to what it does not have: never nothing. The
real programs; see stage.py."""
import json
import signal

import pytest

from stage import Stage, ctl, wait_for
from test_requests import asked_for, check_schemas
from test_reset import Session

VERSIONS = ["ocpp2.0.1", "ocpp1.6"]


class Connectors(Stage):
    """A charger with two connectors that speaks this version."""

    def __init__(self, keys, version, **sections):
        self.version = version
        super().__init__(keys, csms={"protocols": version}, station={"connectors": "2"}, **sections)

    def change(self, status, connector=None, inner=None):
        """The verdict; connector None: the station."""
        if self.version == "ocpp1.6":
            asked = {"connectorId": connector or 0, "type": status}
        else:
            asked = {"operationalStatus": status}
            if connector is not None:
                asked["evse"] = {"id": connector, **({} if inner is None else {"connectorId": inner})}
        return self.csms.call(self.station, "ChangeAvailability", asked)["result"]["status"]

    def told(self):
        """What was said of connectors so far, "AU": 1 is Available, 2 Unavailable; the station first in 1.6."""
        last = {p.get("evseId", p.get("connectorId")): p.get("connectorStatus", p.get("status"))
                for p in self.payloads("StatusNotification")}
        return "".join(last[k][0] for k in sorted(last))

    def until_outbox_empty(self, text):
        text = text if self.version == "ocpp2.0.1" else ("U" if text == "UU" else "A") + text
        wait_for(lambda: self.told() == text, lambda: f"{text}, told {self.told()}")


@pytest.mark.parametrize("version", VERSIONS)
def test_connectors_are_taken_out_of_service(keys, version):
    """The answer, then StatusNotification for what has changed alone; kept over restarts and power cuts."""
    with Connectors(keys, version) as charger:
        charger.boot_until_known()
        charger.until_outbox_empty("AA")
        charger.beat()
        before = len(charger.payloads("StatusNotification"))
        assert charger.change("Inoperative", 2) == "Accepted"
        charger.until_outbox_empty("AU")
        assert charger.change("Inoperative", 2) == "Accepted"
        assert charger.change("Operative", 1) == "Accepted"
        charger.beat()
        assert len(charger.payloads("StatusNotification")) == before + 1
        for how in signal.SIGTERM, signal.SIGKILL:
            charger.power_off(how)
            charger.frames.clear()
            charger.boot()
            charger.until_outbox_empty("AU")
        charger.restart_agent()
        charger.until_outbox_empty("AU")
        assert charger.change("Operative", 2) == "Accepted"
        charger.until_outbox_empty("AA")
        assert charger.database("SELECT value FROM value WHERE name = 'inoperative'") == []
        check_schemas(charger, version)


def test_station_stands_for_all_in_16(keys):
    with Connectors(keys, "ocpp1.6") as charger:
        charger.boot_until_known()
        charger.until_outbox_empty("AA")
        assert charger.change("Inoperative", 2) == charger.change("Inoperative") == "Accepted"
        charger.until_outbox_empty("UU")
        assert charger.change("Operative", 1) == "Accepted"
        charger.until_outbox_empty("AU")
        assert charger.change("Inoperative", 0) == charger.change("Operative", 0) == "Accepted"
        charger.until_outbox_empty("AA")
        assert [charger.change("Inoperative", n) for n in (-1, 3)] == ["Rejected"] * 2


def test_levels_are_apart_in_201(keys):
    """G03, G04: what is Operative again is what it was before, EVSE and connector by themselves."""
    with Connectors(keys, "ocpp2.0.1") as charger:
        charger.boot_until_known()
        charger.until_outbox_empty("AA")
        assert charger.change("Inoperative", 2, 1) == charger.change("Inoperative") == "Accepted"
        charger.until_outbox_empty("UU")
        assert json.loads(ctl(charger, "status", "--json")[1])["inoperative"] == "0 2.1"
        charger.restart_agent()
        charger.until_outbox_empty("UU")
        assert charger.change("Operative") == charger.change("Operative", 2) == "Accepted"
        charger.until_outbox_empty("AU")
        assert charger.change("Operative", 2, 1) == "Accepted"
        charger.until_outbox_empty("AA")
        for evse, connector, reason in (0, None, "UnknownEvse"), (3, 1, "UnknownEvse"), (1, 2, "UnknownConnectorId"):
            answer = charger.csms.call(charger.station, "ChangeAvailability", {
                "operationalStatus": "Inoperative",
                "evse": {"id": evse, **({} if connector is None else {"connectorId": connector})}})["result"]
            assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", reason)


@pytest.mark.parametrize("version", VERSIONS)
def test_session_is_not_cut_off(keys, version):
    """Scheduled; the connector is told of when its session has ended, the others at once."""
    with Connectors(keys, version) as charger:
        charger.boot_until_known()
        charger.until_outbox_empty("AA")
        session = Session(charger)
        assert charger.change("Operative", 1) == "Accepted"
        assert charger.change("Inoperative", 1) == "Scheduled"
        assert charger.change("Inoperative", 2) == "Accepted"
        charger.until_outbox_empty("AU")
        assert asked_for(charger, "StatusNotification",
                         **({"connectorId": 1} if version == "ocpp1.6" else
                            {"evse": {"id": 1, "connectorId": 1}})) == ("Rejected", [])
        assert charger.told()[-2:] == "AU"
        session.end()
        wait_for(lambda: charger.told()[-2:] == "UU", "the connector")
        assert charger.change("Operative") == "Accepted"
        session = Session(charger)
        assert charger.change("Inoperative") == "Scheduled"
        session.end()


def test_update_does_not_put_a_connector_back_in_service(keys):
    """Draining ends, Inoperative stays."""
    with Connectors(keys, "ocpp2.0.1") as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.until_outbox_empty("AA")
        session = Session(charger)
        assert charger.change("Inoperative", 2) == "Accepted"
        charger.ask()
        charger.until_job("reboot-held")
        charger.until_outbox_empty("AU")
        session.end()
        charger.until_status("Installed", ticking=True)
        charger.beat()
        charger.until_outbox_empty("AU")


# ---- what a station without charging does not have ----

PROFILE = {"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile",
           "chargingProfileKind": "Absolute", "chargingSchedule": {
               "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}}
TOKEN = {"idToken": "T", "type": "Central"}
EVSE_PROFILE = {"id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Absolute",
                "chargingSchedule": [{"id": 1, "chargingRateUnit": "A",
                                      "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]}]}
LATER = "2035-01-01T00:00:00Z"

ANSWERS = {
    "ocpp1.6": [
        ("RemoteStartTransaction", {"idTag": "T", "connectorId": 1, "chargingProfile": PROFILE}, {"status": "Rejected"}),
        ("RemoteStopTransaction", {"transactionId": 1}, {"status": "Rejected"}),
        ("UnlockConnector", {"connectorId": 1}, {"status": "NotSupported"}),
        ("ClearCache", {}, {"status": "Rejected"}),
        ("GetLocalListVersion", {}, {"listVersion": -1}),
        ("SendLocalList", {"listVersion": 1, "localAuthorizationList": [{"idTag": "T"}], "updateType": "Full"},
         {"status": "NotSupported"}),
        ("CertificateSigned", {"certificateChain": "none"}, {"status": "Rejected"}),
        ("DataTransfer", {"vendorId": "org.example", "messageId": "m", "data": "d"}, {"status": "UnknownVendorId"}),
        ("ReserveNow", {"connectorId": 1, "expiryDate": LATER, "idTag": "T", "reservationId": 1}, "NotSupported"),
        ("CancelReservation", {"reservationId": 1}, "NotSupported"),
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}, "NotSupported"),
        ("ClearChargingProfile", {}, "NotSupported"),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}, "NotSupported"),
        ("RemoteStartTransaction", {"connectorId": 1}, "OccurenceConstraintViolation"),
        ("DataTransfer", {"vendorId": 1}, "TypeConstraintViolation"),
        ("SendLocalList", {"listVersion": 1, "updateType": "None"}, "PropertyConstraintViolation"),
    ],
    "ocpp2.0.1": [
        ("RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": 1, "evseId": 1, "groupIdToken": TOKEN,
                                     "chargingProfile": EVSE_PROFILE}, {"status": "Rejected"}),
        ("RequestStopTransaction", {"transactionId": "1"}, {"status": "Rejected"}),
        ("UnlockConnector", {"evseId": 1, "connectorId": 1}, {"status": "UnlockFailed"}),
        ("UnlockConnector", {"evseId": 1, "connectorId": 2}, {"status": "UnknownConnector"}),
        ("UnlockConnector", {"evseId": 3, "connectorId": 1}, {"status": "UnknownConnector"}),
        ("ClearCache", {}, {"status": "Rejected"}),
        ("GetLocalListVersion", {}, {"versionNumber": 0}),
        ("SendLocalList", {"versionNumber": 1, "localAuthorizationList": [{"idToken": TOKEN}], "updateType": "Full"},
         {"status": "Failed"}),
        ("CertificateSigned", {"certificateChain": "none", "certificateType": "ChargingStationCertificate"},
         {"status": "Rejected"}),
        ("GetTransactionStatus", {}, {"messagesInQueue": False}),
        ("GetTransactionStatus", {"transactionId": "1"}, {"messagesInQueue": False, "ongoingIndicator": False}),
        ("DataTransfer", {"vendorId": "org.example", "data": [1, {}]}, {"status": "UnknownVendorId"}),
        ("GetMonitoringReport", {"requestId": 1, "monitoringCriteria": ["DeltaMonitoring"]},
         {"status": "NotSupported"}),
        ("SetMonitoringBase", {"monitoringBase": "All"}, {"status": "NotSupported"}),
        ("CustomerInformation", {"requestId": 1, "report": True, "clear": False, "customerIdentifier": "c"},
         {"status": "Rejected"}),
        ("ReserveNow", {"id": 1, "expiryDateTime": LATER, "idToken": TOKEN}, "NotSupported"),
        ("CancelReservation", {"reservationId": 1}, "NotSupported"),
        ("SetChargingProfile", {"evseId": 1, "chargingProfile": EVSE_PROFILE}, "NotSupported"),
        ("ClearChargingProfile", {"chargingProfileId": 1}, "NotSupported"),
        ("GetCompositeSchedule", {"evseId": 1, "duration": 60}, "NotSupported"),
        ("GetDisplayMessages", {"requestId": 1}, "NotSupported"),
        ("SetMonitoringLevel", {"severity": 1}, "NotSupported"),
        ("PublishFirmware", {"location": "l", "checksum": "c", "requestId": 1}, "NotSupported"),
        ("CostUpdated", {"totalCost": 1, "transactionId": "1"}, "NotSupported"),
        ("RequestStartTransaction", {"idToken": TOKEN}, "OccurrenceConstraintViolation"),
        ("ClearCache", {"all": True}, "OccurrenceConstraintViolation"),
        ("DataTransfer", {"vendorId": 1}, "TypeConstraintViolation"),
        ("SetMonitoringBase", {"monitoringBase": "None"}, "PropertyConstraintViolation"),
    ],
}


@pytest.mark.parametrize("version", VERSIONS)
def test_refusals(keys, version):
    with Connectors(keys, version) as charger:
        charger.boot_until_known()
        for action, payload, wanted in ANSWERS[version]:
            answer = charger.csms.call(charger.station, action, payload)
            assert (answer["error"]["code"] if "error" in answer else answer["result"]) == wanted, (action, payload)
        if version == "ocpp2.0.1":
            session = Session(charger)
            answer = charger.csms.call(charger.station, "UnlockConnector", {"evseId": 1, "connectorId": 1})
            assert answer == {"result": {"status": "OngoingAuthorizedTransaction"}}
            session.end()


@pytest.mark.parametrize("version", VERSIONS)
def test_trigger_for_a_connector_that_is_not_there(keys, version):
    """TC_055 of 1.6; what is not served is told apart from what is not there."""
    def connector(number):
        return {"connectorId": number} if version == "ocpp1.6" else {"evse": {"id": number}}

    with Connectors(keys, version) as charger:
        charger.boot_until_known()
        charger.until_outbox_empty("AA")
        assert asked_for(charger, "MeterValues", **connector(3)) == ("Rejected", [])
        assert asked_for(charger, "MeterValues", **connector(2)) == ("NotImplemented", [])
        assert asked_for(charger, "Heartbeat", **connector(3))[0] == "Accepted"  # F06.FR.02
