"""Runs the programs of docs/integration.md and docs/integration-portal.md against a trial server, and compares what they print with the pages.

    integration_examples_test.py KOBLINGD KOBLING

What other people do meanwhile, the key officer and a register, is done here with the command `kobling`.
"""
import datetime
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("integration.md", "integration-portal.md"))
BLOCK = re.compile(r"^```\w+ (file|output-of)=(.+)\n((?:.*\n)*?)```$", re.MULTILINE)
DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")
SECONDS = 60

CHECK_OF_SENDING_AGAIN = """
import grpc, kobling_api
from google.rpc import status_pb2

class Answer(grpc.RpcError):
    def __init__(self, code, reason):
        self.status, self.trailer = code, ()
        if reason:
            status = status_pb2.Status()
            status.details.add().Pack(status_pb2.ErrorInfo(reason=reason))
            self.trailer = (("grpc-status-details-bin", status.SerializeToString()),)
    def code(self):
        return self.status
    def trailing_metadata(self):
        return self.trailer

def requests_sent(code, reason):
    sent = []
    def method(request, timeout):
        sent.append(request)
        if len(sent) == 1:
            raise Answer(code, reason)
    try:
        kobling_api.call(method, "the request")
    except kobling_api.Refused:
        pass
    return sent

code = grpc.StatusCode
for status, reason, times in ((code.RESOURCE_EXHAUSTED, "SERVER_BUSY", 2), (code.UNAVAILABLE, "", 2),
                              (code.RESOURCE_EXHAUSTED, "", 2),
                              (code.DEADLINE_EXCEEDED, "", 2), (code.DEADLINE_EXCEEDED, "STREAM_SILENT", 1),
                              (code.RESOURCE_EXHAUSTED, "DISK_FULL", 1), (code.ABORTED, "PRECONDITION_FAILED", 1),
                              (code.PERMISSION_DENIED, "NOT_PERMITTED", 1)):
    assert requests_sent(status, reason) == ["the request"] * times, (status, reason)
"""


def check(condition, what):
    if not condition:
        raise SystemExit(f"FAILED: {what}")


def same(found, expected, what):
    check(found == expected, f"{what}\n--- the page or the test says\n{expected}\n--- found\n{found}")


def blocks(kind):
    found = [(name, text) for block, name, text in BLOCK.findall(PAGES) if block == kind]
    check(found and len(dict(found)) == len(found), f"each {kind}= must be there once")
    return dict(found)


def day(days):
    return (datetime.date.today() + datetime.timedelta(days)).isoformat()


def person(number):
    """A synthetic identifier: month + 80, with the check digits that belong to it."""
    for individual in range(number * 10, number * 10 + 10):
        digits = [int(c) for c in f"018390{individual:03}"]
        for weights in ((3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)):
            digits.append(-sum(a * b for a, b in zip(digits, weights)) % 11)
        if max(digits) < 10:
            return "".join(map(str, digits))
    raise AssertionError("one in six has no check digits, never ten in a row")


class Trial:
    """A trial installation in a folder, the page's programs beside it, and the people who take part."""

    CALLERS = {"case.system": "caseworker", "kari.caseworker": "caseworker", "ola.keyofficer": "key-officer", "NPR": "register",
               "portal.web": "insight-portal", "anne.auditor": "auditor"}

    def __init__(self, folder, koblingd, kobling):
        self.folder, self.koblingd, self.kobling_path = folder, koblingd, kobling
        self.programs, self.outputs = blocks("file"), blocks("output-of")
        for name, text in self.programs.items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "proto").symlink_to(ROOT / "proto")
        (folder / "bin").mkdir()
        (folder / "certificates").mkdir()
        (folder / "bin/kobling").symlink_to(kobling)
        self.server = None

    def run(self, command, who="", stdin="", codes=(0,)):
        done = subprocess.run(command, cwd=self.folder, env=self.environment(who), input=stdin, text=True, capture_output=True,
                              timeout=SECONDS, check=False)
        check(done.returncode in codes, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def environment(self, who):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KOBLING_")}
        environment |= {"PATH": f"{self.folder}/bin:{environment['PATH']}", "PYTHONPATH": "stubs", "PYTHONUTF8": "1",
                        "POLL_SECONDS": "0.1", "KOBLING_HOME": f"{self.folder}/home-{who}"}
        if who:
            files = self.folder / "certificates" / who
            environment |= {"KOBLING_ADDRESS": self.address, "KOBLING_CA": f"{files}/ca.pem",
                            "KOBLING_CERTIFICATE": f"{files}/{who}.pem", "KOBLING_KEY": f"{files}/{who}.key",
                            "KOBLING_SIGNING_KEY": f"{self.folder}/server/public/kobling.pub"}
        return environment

    def start(self):
        config = self.folder / "server/koblingd.toml"
        self.run([self.koblingd, "init", "--dir", "server", "--environment", "trial", "--listen", "127.0.0.1:0"])
        for who, role in self.CALLERS.items():
            self.run([self.koblingd, "certificate", "issue", "--config", config, "--role", role, "--id", who,
                      "--out", f"certificates/{who}"])
        ready = self.folder / "address"
        with open(self.folder / "server.log", "wb") as log:
            self.server = subprocess.Popen([self.koblingd, "serve", "--config", config, "--ready-file", ready], stderr=log)
        while not (ready.exists() and ready.stat().st_size):
            check(self.server.poll() is None, (self.folder / "server.log").read_text())
            time.sleep(0.02)
        self.address = ready.read_text().strip()

    def stop(self):
        if self.server is not None and self.server.poll() is None:
            self.server.terminate()
            try:
                self.server.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()

    def kobling(self, who, *words, stdin="", codes=(0,)):
        text = self.run(["kobling", "--quiet", "--format", "json", *words], who, stdin, codes)
        return json.loads(text) if text.strip() else None

    def compare(self, call, output):
        expected = self.outputs.pop(call)
        same(DAY.sub("DAY", output), DAY.sub("DAY", expected), f"the output of {call}")

    def example(self, call, who, stdin="", codes=(0,), also=()):
        """Runs what an output-of= of the page names; `also` are arguments that are not shown there."""
        name, *words = call.split()
        interpreter = sys.executable if name.endswith(".py") else "bash"
        self.compare(call, self.run([interpreter, name, *words, *also], who, stdin, codes))


def check_words():
    """What the pages list is what the product has."""
    reasons = dict(re.findall(r"^\| \d+ \| `([A-Z_]+)` \| [A-Z_]+ \| (no|same request) \|", (ROOT / "docs/errors.md").read_text(), re.M))
    listed = set(re.findall(r'"([A-Z_]+)"', re.search(r"SAME_REQUEST = \{(.*)\}", PAGES)[1]))
    same(listed, {name for name, retry in reasons.items() if retry == "same request"}, "SAME_REQUEST against docs/errors.md")
    codes = {"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"}
    without_programs = BLOCK.sub("", PAGES)
    for name in set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", without_programs)) - codes:
        check(name in reasons or name.startswith("KOBLING_") or name == "INTERNAL", f"{name} is no reason")
    protos = {path.stem: path.read_text() for path in (ROOT / "proto/kobling/v1").glob("*.proto")}
    methods = {f"{service}/{method}" for text in protos.values() for service, body in
               re.findall(r"^service (\w+) \{\n(.*?)^\}", text, re.M | re.S) for method in re.findall(r"rpc (\w+)\(", body)}
    for name in re.findall(r"`(\w+Service/\w+)`", PAGES):
        check(name in methods, f"there is no call {name}")
    fields = re.findall(r"^  [\w ]+ (\w+) = \d+;", re.search(r"^message ProjectCase \{\n(.*?)^\}", protos["project"], re.M | re.S)[1], re.M)
    table = PAGES.split("### From the decision to ProjectCase")[1].split("### ")[0]
    rows = re.findall(r"^\| .* \| (`.*`) \|$", table, re.M)
    same(sorted(name for row in rows for name in re.findall(r"`(\w+)`", row)), sorted(fields), "the fields of ProjectCase in the table")


def enrol(trial):
    trial.kobling("kari.caseworker", "register", "add", "NPR", "--name", "Norsk pasientregister", "--kind", "npr", "--controller",
                  "Folkehelseinstituttet", "--contact", "npr@example.no", "--inclusion-reference", "§ 3", "--inclusion-date", "2023-01-11")
    files = trial.folder / "certificates/NPR"
    trial.kobling("NPR", "profile", "create", "default", "--address", trial.address, "--ca", f"{files}/ca.pem", "--certificate",
                  f"{files}/NPR.pem", "--key", f"{files}/NPR.key")
    trial.kobling("NPR", "keygen")
    key = trial.kobling("NPR", "recipient-key", "submit")
    trial.kobling("ola.keyofficer", "recipient-key", "approve", "NPR", "1", "--fingerprint", key["fingerprint"])


def make_exempt_project(trial):
    """Another project, which those in it are not told of."""
    (trial.folder / "exempt.toml").write_text(f"""
case_number = "26/88"
title = "Tilsyn med legemidler"
title_nynorsk = "Tilsyn med legemiddel"
title_english = "Supervision of medicines"
purpose = "Tilsyn."
purpose_nynorsk = "Tilsyn."
purpose_english = "Supervision."
contact = "tilsyn@example.no"
purpose_kind = "quality-improvement"
data_user = "Statens helsetilsyn"
decision_reference = "26/88-2"
decision_date = "{day(-5)}"
legal_basis = "helsetilsynsloven"
linkage_performer = "data-user"
analysis_room = "TSD"
approved_persons = 10
start_date = "{day(-5)}"
end_date = "{day(180)}"
deletion_date = "{day(200)}"
insight_exemption_reason = "insight would reveal an investigation"
insight_exemption_reference = "personopplysningsloven § 16 b"
insight_exemption_until = "{day(180)}"
[[sources]]
register_id = "NPR"
defines_population = true
scope = "own"
legal_reference = "NPR-forskriften § 3-6"
""", encoding="utf-8")
    project = trial.kobling("kari.caseworker", "project", "create", "--file", "exempt.toml")["id"]
    trial.kobling("kari.caseworker", "project", "ready", project)
    trial.kobling("ola.keyofficer", "project", "activate", project)
    return project


def send(trial, project, people):
    trial.kobling("NPR", "population", "submit", project, "--file", "-", "--no-header", "--column", "1", stdin="\n".join(people) + "\n")
    trial.kobling("NPR", "population", "complete", project)
    trial.kobling("ola.keyofficer", "keyfile", "issue", project, "NPR")


def activate_while_it_waits(trial):
    command = [sys.executable, "case_wait.py", "P0001"]
    with subprocess.Popen(command, cwd=trial.folder, env=trial.environment("case.system"), stdout=subprocess.PIPE, text=True) as waiting:
        try:
            first = waiting.stdout.readline()
            trial.kobling("ola.keyofficer", "project", "activate", "P0001")
            rest, _ = waiting.communicate(timeout=SECONDS)
        finally:
            waiting.kill()
    trial.compare("case_wait.py", first + rest)


def case_system(trial):
    again = trial.outputs["case_create.py"]
    trial.example("case_create.py", "case.system")
    trial.outputs["case_create.py"] = again  # the whole program once more, as after a crash
    trial.example("case_create.py", "case.system")
    trial.example("case_refused.py", "case.system")
    same(len(trial.kobling("anne.auditor", "project", "list")), 1, "projects after all creations")
    activate_while_it_waits(trial)
    before = trial.kobling("anne.auditor", "project", "show", "P0001")["project_case"]
    trial.example("case_change.py P0001 1", "case.system", codes=(1,))
    trial.example("case_change.py P0001 3", "case.system")
    trial.kobling("ola.keyofficer", "project", "confirm-revision", "P0001", "--revision", "1")
    after = trial.kobling("anne.auditor", "project", "show", "P0001")["project_case"]
    same((before["end_date"], after["end_date"]), (day(700), day(700 + 365)), "the last day before and after the revision")
    changed = {field for field in after if before[field] != after[field]}
    same(changed, {"end_date", "deletion_date"}, "what the revision changed")


def deliver(trial, people):
    same(trial.kobling("NPR", "usage", "status", "P0001")[0]["due_date"], day(30), "when the report is due")
    (trial.folder / "extract.csv").write_text("fnr;value\n" + "".join(f"{fnr};1\n" for fnr in people), encoding="utf-8")
    words = ("P0001", "extract.csv", "fnr", "SAFE")
    trial.example("register_nightly.sh", "NPR", also=words)
    same(trial.run(["bash", "register_nightly.sh", *words], "NPR"), "key file 1 is reported\n", "the next night")
    (trial.folder / "P0001-1/reported").unlink()  # as if it had been cut off at the end
    trial.run(["bash", "register_nightly.sh", *words], "NPR")
    same(len(trial.kobling("NPR", "usage", "status", "P0001")[0]["reports"]), 1, "reports of a delivery that was reported twice")


def portal(trial, asked, other, representative):
    trial.kobling("NPR", "reservation", "load", "--file", "-", "--no-header", "--column", "1", "--mode", "replace", "--date", day(0),
                  "--legal-reference", "NPR-forskriften § 4-1", stdin=asked + "\n")
    trial.example("portal_lookup.py en", "portal.web", f"{asked}\n")
    trial.example("portal_lookup.py nn guardian vergemål-26/118", "portal.web", f"{other}\n{representative}\n")
    trial.example("portal_lookup.py nb guardian vergemål-26/119", "portal.web", f"{other}\n{other}\n", codes=(1,))
    same(trial.run([sys.executable, "portal_lookup.py", "nb"], "portal.web", f"{representative}\n"), "no project includes you\n", "nobody")
    trial.example("portal_list.py nn", "portal.web")
    events = trial.kobling("anne.auditor", "audit", "list", "--operation", "insight")
    same([event["result"] for event in events], ["OK", "OK", "FIELD_MALFORMED", "OK"], "look-ups in the log")


def run_pages(folder, koblingd, kobling):
    check_words()
    trial = Trial(folder, koblingd, kobling)
    try:
        trial.run(["sh", "-e", "generate.sh"])
        (folder / "check_of_sending_again.py").write_text(CHECK_OF_SENDING_AGAIN)
        trial.run([sys.executable, "check_of_sending_again.py"])
        trial.start()
        enrol(trial)
        case_system(trial)
        people = [person(number) for number in range(1, 6)]
        send(trial, "P0001", people[:3])
        send(trial, make_exempt_project(trial), people[:1])
        trial.example("case_follow.py P0001", "case.system")
        deliver(trial, [people[0], people[2], people[3]])
        trial.example("case_archive.py P0001 archive", "case.system")
        same(sorted(os.listdir(folder / "archive")), ["disclosures.json", "dossier.json", "events.json"], "the archive")
        events = [json.loads(line)["operation"] for line in (folder / "archive/events.json").read_text(encoding="utf-8").splitlines()]
        check({"project.create", "project.confirm-revision", "keyfile.issue", "usage.report"} <= set(events), "events in the archive")
        portal(trial, people[0], people[1], people[4])
        same(trial.outputs, {}, "outputs on the pages that no program was run for")
    finally:
        trial.stop()
    same(trial.server.returncode, 0, "how the server ended")
    same(trial.run([sys.executable, "portal_lookup.py", "nb"], "portal.web", f"{people[0]}\n", codes=(1,)),
         "we cannot answer now; try again later [UNAVAILABLE ]\n", "a look-up without a server")


def main():
    os.environ["TZ"] = "Europe/Oslo"  # days are Norwegian
    time.tzset()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    koblingd, kobling = (os.path.abspath(path) for path in sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="kobling-examples-") as folder:
        run_pages(pathlib.Path(folder), koblingd, kobling)
    print("every program did what its page says")


if __name__ == "__main__":
    main()
