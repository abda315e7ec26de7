"""How often the agent writes to its store: each time costs a charger's flash, and whoever waits for the answer the time
until it is there."""
from killing import Record
from stage import Stage, wait_for

LATER = "2099-01-01T00:00:00Z"


def test_request_for_later_is_stored_in_one_step(keys):
    """The row with the time that it waits for, and its first status; the random part of that time is drawn once."""
    with Stage(keys, firmware={"start_jitter": "1h"}) as charger:
        record = Record(charger.folder / "points")
        charger.agent_env = {"RAUC_OCPP_FAILPOINT_FILE": str(record.path)}
        charger.boot_until_known()
        wait_for(lambda: charger.payloads("StatusNotification"), "the first messages")
        charger.beat()
        before = record.names()
        assert charger.ask(requestId=7, retrieveDateTime=LATER)["result"]["status"] == "Accepted"
        charger.until_status("DownloadScheduled")
        charger.until_outbox_empty()
        stored = record.names()[len(before):]
        assert stored.count("after-store/download-scheduled") == stored.count("after-store/outbox-remove") == 1
        due = charger.database("SELECT due_at - retrieve_at FROM job")[0][0]
        assert 0 < due <= 3600 * 1000000
        charger.restart_agent()
        assert charger.database("SELECT due_at - retrieve_at FROM job")[0][0] == due
