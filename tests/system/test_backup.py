"""Saved, broken, put back: on a throw-away host with a runtime, its database in use, and a gateway."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Iterator

import pytest

from rigwright.choice.gateway import AUTHORITY
from rigwright.spec.locks import write_images
from sim.repository.vendors import VendorRepositories
from tests.system.hosts import eventually, gpu_host
from tests.system.outcome import changes
from tests.system.saving import (
    DATA,
    DATABASE,
    DUMP,
    KEY,
    LAYERS,
    PASSWORD,
    PROGRAM,
    REPOSITORY,
    REST_PASSWORD,
    S3_KEY,
    TIMER,
    UNIT,
    WRITER,
    WRONG,
    Server,
    declared,
)
from tests.system.site import said, site

pytestmark = [pytest.mark.system, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, vendors: VendorRepositories) -> Iterator[Server]:
    keys = tmp_path_factory.mktemp("keys")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / "identity")], check=True)
    with gpu_host("basement") as host:
        vendors.registries_for(host)
        owner = (keys / "identity.pub").read_text().strip()
        project = site(tmp_path_factory.mktemp("project"), {host: declared(vendors, keys, host.address, owner)})
        write_images(project.project, vendors.images())
        found = Server(host, project, keys)
        for name, value in {"me": KEY, "password": PASSWORD, "s3": S3_KEY}.items():
            found.secret(name, value)
        host.run("mkdir -p /srv/notes && echo kept > /srv/notes/one && echo not > /srv/notes/two.tmp")
        project.apply(*LAYERS)
        host.run('systemd-run -q --unit writer python3 -c "$(cat)"', input=WRITER)
        assert eventually(lambda: host.run(f"test -s {DATABASE}-wal", check=False).returncode == 0)
        yield found


def test_apply_makes_the_first_one_and_a_second_apply_none(server: Server) -> None:
    first = server.snapshots()
    assert len(first) == 1
    assert first[0]["bytes"] > 0
    assert {"/srv/notes", "/var/lib/rigwright-gateway", DATA} <= set(first[0]["paths"])
    assert any(path.startswith("/etc/ssh/ssh_host_") for path in first[0]["paths"])
    plan = server.project.document("plan", *LAYERS)
    assert plan["exit_status"] == 0, changes(plan)
    assert server.short() == set()
    applied = server.project.document("apply", "--yes", *LAYERS)
    assert not [each for each in applied["hosts"][0]["operations"] if each["status"] == "changed"], changes(applied)
    assert server.snapshots() == first


def test_a_run_says_how_it_ends_and_secrets_are_nowhere_to_be_read(server: Server) -> None:
    wanted = "/dev/shm/wanted"
    server.host.run(f"umask 077; cat > {wanted}", input=f"{PASSWORD}\n{S3_KEY}\n")
    watch = f"while :; do ps -eo args | grep -Ff {wanted} >> /dev/shm/seen; sleep 0.05; done"
    server.host.run('systemd-run -q --unit watch sh -c "$(cat)"', input=watch)
    done = server.project.rig("backup", "run")
    server.host.run("systemctl stop watch")
    assert done.returncode == 0, said(done)
    assert f"saved to {REPOSITORY}" in done.stdout, said(done)
    assert len(server.snapshots()) == 2
    looks = {
        "processes": "cat /dev/shm/seen",
        "the journal": f"journalctl --no-pager -o export | grep -cFf {wanted} | grep -v '^0$'",
        "files": f"find / -xdev -type f -perm /077 -size -20M -exec grep -lFf {wanted} {{}} +",
        "loose files": "find /etc/rigwright/backup -name secrets.json ! -perm 600; "
        "find /var/lib/rigwright-backup -maxdepth 0 ! -perm 700",
    }
    found = {place: server.host.run(look, check=False).stdout.strip() for place, look in looks.items()}
    server.host.run(f"rm {wanted}")
    assert found == dict.fromkeys(looks, "")
    shown = [
        server.project.rig("plan", "--json", *LAYERS),
        server.project.rig("verify", "--json", "--layer", "backup"),
        server.project.rig("backup", "list", "--json"),
        done,
    ]
    assert not [each.args for each in shown if PASSWORD in each.stdout + each.stderr]


def test_what_is_broken_is_put_back_and_services_run(server: Server) -> None:
    """The database while it is written to, the gateway's authority, a note with its mode."""
    host = server.host
    host.run("chown nobody /srv/notes/one && chmod 640 /srv/notes/one")
    assert server.project.rig("backup", "run").returncode == 0
    rows, authority = server.python(DUMP), host.run(f"sha256sum {AUTHORITY}").stdout
    host.run("systemctl stop writer")
    host.run(
        f"head -c 40960 /dev/urandom > {DATABASE}; rm -f {DATABASE}-wal; "
        "rm -r /var/lib/rigwright-gateway /srv/notes/one"
    )
    host.run("systemctl restart rigwright-gateway")
    assert host.run(f"sha256sum {AUTHORITY}", check=False).stdout != authority

    left = server.project.rig("restore", "basement", "--yes")
    assert left.returncode == 2, said(left)
    assert "newer on the host" in left.stdout and "rig-page.service" in left.stdout
    assert host.run(f"sha256sum {AUTHORITY}", check=False).stdout != authority, "nothing is done yet"

    done = server.project.rig("restore", "basement", "--yes", "--over-newer")
    assert done.returncode == 0, said(done)
    assert not host.run(f"ls {DATABASE}-wal {DATABASE}-shm", check=False).stdout
    assert server.python(DUMP) == rows
    assert host.run(f"sha256sum {AUTHORITY}").stdout == authority
    assert host.run("stat -c '%a %U' /srv/notes/one; cat /srv/notes/one").stdout.split() == ["640", "nobody", "kept"]
    assert host.run("test -e /srv/notes/two.tmp", check=False).returncode == 1
    assert host.run("cat /srv/notes.before-restore/two.tmp").stdout.strip() == "not"
    assert host.run("systemctl is-active rig-page rigwright-gateway").stdout.split() == ["active", "active"]
    assert server.status() == 200
    proof = server.project.document("verify", "--layer", "runtimes,gateway,backup")
    assert proof["exit_status"] == 0, changes(proof)
    plan = server.project.document("plan", *LAYERS)
    assert plan["exit_status"] == 0, changes(plan)


def test_a_second_restore_does_nothing(server: Server) -> None:
    started = "systemctl show -P ActiveEnterTimestampMonotonic rig-page rigwright-gateway"
    before = server.host.run(started).stdout
    done = server.project.rig("restore", "basement", "--yes", "--path", DATA)
    assert done.returncode == 0, said(done)
    assert "as in the snapshot" in done.stdout and server.host.run(started).stdout == before


def test_one_file_of_an_older_snapshot(server: Server) -> None:
    first = server.snapshots()[0]["id"]
    server.host.run("rm /srv/notes/one")
    words = ("restore", "basement", "--yes", "--over-newer", "--snapshot", first, "--path", "/srv/notes/one", "--json")
    found = json.loads(server.project.rig(*words, check=True).stdout)
    assert [each["path"] for each in found["hosts"][0]["targets"]] == ["/srv/notes/one"]
    assert server.host.run("stat -c %U /srv/notes/one").stdout.strip() == "root", "as it was in the first one"


def test_a_restore_that_is_killed_is_finished_by_the_next(server: Server) -> None:
    host = server.host
    host.run("head -c 30000000 /dev/urandom > /srv/notes/large")
    assert server.project.rig("backup", "run").returncode == 0
    wanted = host.run("sha256sum /srv/notes/large").stdout
    host.run("echo broken > /srv/notes/large; rm -r /var/lib/rigwright-gateway/*")
    kill = (
        f"{PROGRAM} restore --over-newer >/dev/null 2>&1 & pid=$!; sleep %s; kill -9 $pid; wait $pid 2>/dev/null; true"
    )
    for after_s in ("2", "3", "4", "5", "5.7", "6.4", "7"):
        host.run(kill % after_s)
    done = server.project.rig("restore", "basement", "--yes", "--over-newer")
    assert done.returncode == 0, said(done)
    assert host.run("sha256sum /srv/notes/large").stdout == wanted
    assert eventually(lambda: server.status() == 200, 60)
    left = (
        "find / -xdev -name '.rigwright-restore.*' -not -path '/proc/*'; "
        "ls -d /var/lib/rigwright-backup/restore.json /var/lib/rigwright-backup/fetched.*"
    )
    assert host.run(left, check=False).stdout == ""


def test_a_wrong_password_is_said_and_nothing_is_made_over_it(server: Server) -> None:
    config = f"sha256sum {REPOSITORY}/config"
    before = server.host.run(config).stdout
    server.secret("password", WRONG)
    try:
        server.project.apply("--layer", "backup")
        done = server.project.rig("backup", "run")
        assert done.returncode == 1 and "cannot be opened: wrong password" in done.stderr, said(done)
        listed = server.project.document("backup", "list")
        assert listed["exit_status"] == 1 and "wrong password" in listed["hosts"][0]["error"]
        assert {"test_the_last_one_went_well", "test_the_newest_is_not_old"} <= server.short()
        assert server.host.run(config).stdout == before
        assert server.host.run("cat /srv/told").stdout == "failed\n"
        assert WRONG not in server.host.run(f"journalctl -u {UNIT} --no-pager").stdout
    finally:
        server.secret("password", PASSWORD)
        server.project.apply("--layer", "backup")
    assert server.project.rig("backup", "run").returncode == 0
    assert server.short() == set()


def test_a_repository_that_is_gone_is_not_begun_anew_in_silence(server: Server) -> None:
    server.host.run(f"mv {REPOSITORY} {REPOSITORY}.away")
    done = server.project.rig("backup", "run")
    assert done.returncode == 1 and "is gone" in done.stderr, said(done)
    assert "test_the_last_one_went_well" in server.short()
    server.host.run(f"rm -rf {REPOSITORY}; mv {REPOSITORY}.away {REPOSITORY}")
    assert server.project.rig("backup", "run").returncode == 0
    assert server.short() == set()
    assert server.project.rig("backup", "check").returncode == 0


def test_an_old_snapshot_falls_short(server: Server) -> None:
    secrets = f"export RESTIC_REPOSITORY={REPOSITORY} RESTIC_PASSWORD={PASSWORD}"
    server.host.run(
        f"{secrets}; restic -q forget --tag rigwright --group-by host --keep-last 1 && "
        "restic -q forget $(restic snapshots --json | grep -o '\"short_id\":\"[0-9a-f]*' | cut -d'\"' -f4) && "
        "restic -q backup --host basement --tag rigwright --time '2026-01-02 03:04:05' /srv/notes"
    )
    assert server.short() == {"test_the_newest_is_not_old"}
    assert server.project.rig("backup", "run").returncode == 0
    assert server.short() == set()


def test_a_host_that_was_reinstalled_saves_nothing_before_it_is_asked(server: Server) -> None:
    before = server.snapshots()
    server.host.run("rm /var/lib/rigwright-backup/record.json")
    applied = server.project.document("apply", "--yes", *LAYERS)
    assert applied["exit_status"] == 2, changes(applied)
    assert "rig restore basement" in changes(applied)
    assert server.host.run(f"systemctl start {UNIT}", check=False).returncode != 0, "nor by its timer"
    assert server.snapshots() == before
    done = server.project.rig("restore", "basement", "--yes", "--over-newer")
    assert done.returncode == 0, said(done)
    applied = server.project.document("apply", "--yes", *LAYERS)
    assert applied["exit_status"] == 0, changes(applied)
    assert len(server.snapshots()) == len(before) + 1
    assert server.short() == set()


def test_behind_sftp(server: Server) -> None:
    """The other side is the host's own sshd: known by its key, and by no other one."""
    host_key = " ".join(server.host.run("cat /etc/ssh/ssh_host_ed25519_key.pub").stdout.split()[:2])
    sftp = {"identity": {"file": str(server.keys / "identity")}, "host_keys": [host_key]}
    there = [
        "--set",
        "backup.repository=sftp:keeper@127.0.0.1:/home/keeper/rig",
        "--set",
        f"backup.sftp={json.dumps(sftp)}",
    ]
    server.project.apply("--layer", "backup", *there)
    assert server.short(*there) == set()
    assert server.host.run("stat -c %U /home/keeper/rig/config").stdout.strip() == "keeper"
    assert server.host.run("stat -c '%a %U' /etc/rigwright/backup/identity").stdout.strip() == "600 root"
    other = {**sftp, "host_keys": [(server.keys / "identity.pub").read_text().strip()]}
    server.host.run("rm -r /home/keeper/rig")
    wrong = [
        "--set",
        "backup.repository=sftp:keeper@127.0.0.1:/home/keeper/other",
        "--set",
        f"backup.sftp={json.dumps(other)}",
    ]
    done = server.project.rig("apply", "--yes", "--layer", "backup", *wrong)
    assert done.returncode == 1 and "Host key verification failed" in done.stdout + done.stderr, said(done)
    server.project.apply("--layer", "backup")


def test_behind_a_rest_server(server: Server) -> None:
    """restic's own, on the host itself; it asks who one is."""
    digest = base64.b64encode(hashlib.sha1(REST_PASSWORD.encode()).digest()).decode()
    server.host.run(
        "apt-get -qq install -y restic-rest-server >/dev/null 2>&1; systemctl disable --now restic-rest-server; "
        "mkdir -p /srv/rest && cat > /srv/rest/.htpasswd && "
        "systemd-run -q --unit rest restic-rest-server --path /srv/rest --listen 127.0.0.1:8911",
        input=f"me:{{SHA}}{digest}\n",
    )
    server.secret("rest", REST_PASSWORD)
    values = {
        "backup.repository": "rest:http://127.0.0.1:8911/rig",
        "backup.environment.RESTIC_REST_USERNAME": json.dumps({"command": ["echo", "me"]}),
        "backup.environment.RESTIC_REST_PASSWORD": json.dumps({"file": str(server.keys / "rest")}),
    }
    there = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    server.project.apply("--layer", "backup", *there)
    assert server.short(*there) == set()
    assert server.host.run("test -e /srv/rest/rig/config", check=False).returncode == 0
    server.project.apply("--layer", "backup")


def test_what_is_not_declared_any_more_goes_and_what_is_saved_stays(server: Server) -> None:
    gone = ("repository", "password", "environment.AWS_SECRET_ACCESS_KEY")
    empty = ("paths", "before", "on_failure", "exclude")
    values = {**dict.fromkeys(gone, "null"), **dict.fromkeys(empty, "[]")}
    nothing = [word for name, value in values.items() for word in ("--set", f"backup.{name}={value}")]
    server.project.apply("--layer", "backup", *nothing)
    assert server.short(*nothing) == set()
    assert not server.host.run("ls -A /etc/rigwright/backup", check=False).stdout
    assert server.host.run(f"systemctl is-enabled {TIMER}", check=False).stdout.strip() in ("not-found", "")
    assert server.host.run(f"ls {REPOSITORY}/config", check=False).returncode == 0
