"""What the measurements share: a scratch PostgreSQL, a `habeas serve` on it, its memory, and one person's way to an approval."""

import contextlib
import glob
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from access import Api, Mails

ROOT = Path(__file__).resolve().parent.parent
HABEAS = os.environ.get("HABEAS", str(ROOT / "target/release/habeas"))
APPROVERS = 16
OFFICER = {"email": "officer@shop.example", "password": "a long enough password"}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def processor_ms(pid):
    """Processor time of a process, and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended since it was listed
        return 0.0
    return sum(map(int, fields[11:15])) * 1e3 / os.sysconf("SC_CLK_TCK")


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


@contextlib.contextmanager
def scratch():
    """A folder that is gone afterwards; not under /tmp, which may be memory and make fsync free."""
    folder = Path(tempfile.mkdtemp(prefix="habeas-bench.", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Postgres:
    """A cluster of its own, with fsync on."""

    def __init__(self, folder):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        self.bin = Path(found[-1] if found else os.path.dirname(shutil.which("initdb") or ""))
        self.data, self.port = folder / "postgres", free_port()
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.data, user.pw_uid, user.pw_gid)
        self.run("initdb", "--pgdata", self.data, "--username=postgres", "--auth=trust", "--encoding=UTF8")
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories='' -c max_connections=200"
        self.run("pg_ctl", "--pgdata", self.data, "--wait", "--log", self.data / "log", "--options", options, "start")

    def run(self, tool, *arguments):
        command = [str(self.bin / tool), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.data.parent)

    def url(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def psql(self, database, sql, out=subprocess.PIPE):
        command = [str(self.bin / "psql"), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]
        done = subprocess.run([*command, self.url(database)], input=sql, text=True, check=True, stdout=out)
        return (done.stdout or "").strip()

    def processor_ms(self):
        """What the cluster has spent so far, with the backends that have ended."""
        postmaster = (self.data / "postmaster.pid").read_text().split()[0]
        return processor_ms(postmaster) + sum(processor_ms(child) for child in children(postmaster))

    def stop(self):
        self.run("pg_ctl", "--pgdata", self.data, "--mode", "immediate", "stop")


class Server:
    """`habeas serve` in a folder, with its officer signed in."""

    def __init__(self, folder, systems, database="sqlite://habeas.db"):
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "habeas.toml").write_text(
            f"""[server]
listen = "127.0.0.1:{self.port}"
public_url = "{self.url}"
[database]
url = "{database}"
[mail]
transport = "file"
directory = "mail"
from = "privacy@shop.example"
[[controllers]]
id = "shop"
policy = "{ROOT}/src/cli/demo/policy.toml"
{systems}"""
        )
        add = ["staff", "add", "--email", OFFICER["email"], "--name", "O", "--role", "officer", "--password-stdin"]
        subprocess.run([HABEAS, *add], cwd=folder, input=OFFICER["password"], text=True, check=True, stdout=sys.stderr)
        self.log = open(folder / "log", "w")
        self.process = subprocess.Popen([HABEAS, "serve"], cwd=folder, stdout=self.log, stderr=self.log)
        self.wait_until_live()
        self.api, self.mails = Api(self.url), Mails(folder / "mail")
        self.staff = self.api.call("POST", "/v1/staff/session", body=OFFICER)["token"]

    def wait_until_live(self):
        for _ in range(200):
            with contextlib.suppress(OSError):
                return urllib.request.urlopen(self.url + "/health/ready", timeout=2).close()
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit("the server is not ready: " + (self.folder / "log").read_text()[-2000:])

    def submit(self, right, person):
        """Gives the request, confirmed, and its token."""
        self.api.connection.close()  # the server may have closed it in a pause; the next call opens it again
        self.mails.look()
        self.mails.codes.clear()  # of an earlier request of the same person
        body = {"controller": "shop", "rights": [right], "person": person | {"residence": "DE"}}
        submitted = self.api.call("POST", "/v1/requests", body=body)
        request, token = submitted["requests"][0]["id"], submitted["token"]
        code = self.mails.code_for(person["email"].lower())
        self.api.call("POST", f"/v1/requests/{request}/verification/confirmation", token, {"code": code})
        return request, token

    def approve(self, request):
        self.api.call("POST", f"/v1/staff/requests/{request}/approval", self.staff)

    def approve_all(self, requests):
        """Faster than one after the other, so that they pile up."""

        def some(part):
            api = Api(self.url)
            for request in part:
                api.call("POST", f"/v1/staff/requests/{request}/approval", self.staff)

        with ThreadPoolExecutor(APPROVERS) as approvers:
            list(approvers.map(some, (requests[n::APPROVERS] for n in range(APPROVERS))))

    def state(self, request):
        return self.api.call("GET", f"/v1/staff/requests/{request}", self.staff)["state"]

    def memory(self, what):
        """`VmRSS` (now) or `VmHWM` (the most since `forget_peak`), in MB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) / 1024
        sys.exit(f"no {what}")

    def processor_ms(self):
        return processor_ms(self.process.pid)

    def forget_peak(self):
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def shop(folder, postgres, dataset):
    """A server whose only system is the database `shop`, described by the dataset."""
    home = folder / "habeas"
    home.mkdir()
    (home / "shop.yml").write_text(dataset)
    return Server(home, f'[[systems]]\nid = "shop"\ncontroller = "shop"\nurl = "{postgres.url("shop")}"\ndataset = "shop.yml"\n')
