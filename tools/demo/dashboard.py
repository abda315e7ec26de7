"""./dev demo --dashboard: the real charger among simulated ones, and something to do for the one who opens the page."""
from charger import SOURCE
from parts import Program, Trouble

SIMULATED = 200
SPEED = 10  # the simulated stations' updates go so much faster
FIRMWARE, ROLLOUT = "charger-2.0.0.raucb", "spring"
LOGS_OF = 20  # simulated stations that have sent a log before anybody looks
PATIENCE = 120.0  # seconds for all to be there
GROUPS = [{"name": "lab", "filter": {"tag": "lab"}, "success": "100%"},
          {"name": "canary", "share": "10%", "success": "70%", "wait": 10},
          {"name": "all", "share": "100%"}]


def csms_options(charger):
    """All that mock-csms keeps goes when the stage goes."""
    return ["--state", charger.folder / "csms.db", "--rauc-keyring", charger.pki / "rauc/root.pem"]


def start_fleet(charger):
    charger.companions.append(Program("mock-csms-fleet", [
        charger.binaries / "mock-csms-fleet", "--url", f"{charger.csms.ocpp}/", "--count", SIMULATED,
        "--ramp", 100, "--speed", SPEED, "--protocols", "1.6:40,2.0.1:40,2.1:20",
        "--models", "Box:60,Post:40", "--versions", "1.0.0:70,0.9.4:30",
        "--timezones", "Europe/Berlin:2,America/New_York:1", "--failures", "download:4,install:2,rollback:1",
    ], charger.folder / "fleet.log"))


def wait(demo, condition, what):
    if not demo.until(condition, PATIENCE):
        raise Trouble(f"waited {PATIENCE:.0f} s for {what}")


def prepare_firmware(demo):
    """Uploaded and signed. Its id."""
    c = demo.charger
    firmware = c.csms.rest("POST", f"/api/firmware?name={FIRMWARE}", demo.bundle.read_bytes())["id"]
    c.csms.rest("POST", f"/api/firmware/{firmware}/sign", {
        "certificate": c.certificate(), "key": (c.pki / "firmware/rsa3072.key").read_text(), "scheme": "pss"})
    return firmware


def ask_slot(csms, station):
    """Once it has told, it is asked after each boot."""
    old = csms.rest("GET", f"/api/stations/{station}")["protocol"] == "ocpp1.6"
    csms.rest("POST", f"/api/stations/{station}/call", {"action": "GetConfiguration", "payload": {"key": ["BootedSlot"]}} if old else {
        "action": "GetVariables", "payload": {"getVariableData": [{"component": {"name": "ChargingStation"}, "variable": {"name": "BootedSlot"}}]}})


def prepare(demo, station):
    """What the page has to show: firmware, a plan, and logs."""
    csms = demo.charger.csms
    firmware = prepare_firmware(demo)
    wait(demo, lambda: sum(s["online"] for s in csms.stations()) == SIMULATED + 1, "the simulated stations")
    csms.rest("PATCH", f"/api/stations/{station}", {"tags": ["lab"]})
    ask_slot(csms, station)
    csms.rest("POST", "/api/rollouts", {"name": ROLLOUT, "firmware": firmware, "failureLimit": "20%",
                                        "retry": {"times": 1, "after": 20}, "groups": GROUPS})
    some = sorted(s["id"] for s in csms.stations() if s["id"] != station)[:LOGS_OF]
    csms.rest("POST", "/api/logs", {"stations": [station, *some]})


def serve(demo, station):
    """Everything runs until Ctrl-C; a person gives the orders in the browser."""
    c, screen = demo.charger, demo.screen
    start_fleet(c)
    c.boot()
    wait(demo, lambda: demo.story.accepted, f"{station}'s BootNotification")
    prepare(demo, station)
    screen.print(f"""
  Open       {screen.paint(f"{c.csms.http}/", "name")}

  Fleet      {station} is the real agent with the real RAUC; {SIMULATED} stations beside it are simulated
  Push       {FIRMWARE} to {station}: it is installed, the charger reboots and says so
  Roll-outs  start "{ROLLOUT}": {station} first, then a tenth, then all; some stations will fail
  Logs       read in what {station} has sent, and ask all the others
  Station    {station}'s frames, variables and certificates; ask it for anything

  status     {c.binaries.relative_to(SOURCE) if c.binaries.is_relative_to(SOURCE) else c.binaries}/rauc-ocpp-ctl --bus {c.bus.address} status
  Ctrl-C ends it, and leaves nothing behind
""")
    while True:
        demo.step()
