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
    mark = f',"test":{json.dumps(current_test())}}}\n'
    # the text as it is: a number may be one that Python would not write again
    text = "".join(line[:-1] + mark for line in trace.read_text(errors="replace").splitlines()
                   if "frame" in json.loads(line))
    out = os.open(record, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(out, text.encode())  # at once: tests run side by side
    os.close(out)
