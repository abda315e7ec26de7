"""What stations and CSMS said in the tests, kept for two questions at the end of a run: was every frame of the agent's
valid by the official schemas, and was every action that it serves exchanged by some test? OCPP_RECORD names the file;
without it nothing is kept."""
import json
import os


def current_test():
    """Its name, without what pytest adds for the phase."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rsplit(" (", 1)[0]


def keep(trace):
    """Appends the frames of a trace of mock-csms."""
    record = os.environ.get("OCPP_RECORD")
    if not record or not trace.exists():
        return
    test = current_test()
    with open(record, "a", encoding="utf-8") as out:
        for line in trace.read_text(errors="replace").splitlines():
            entry = json.loads(line)
            if "frame" in entry:
                out.write(json.dumps({**entry, "test": test}) + "\n")
