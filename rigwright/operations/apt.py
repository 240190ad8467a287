"""apt and dpkg, resumable: sources with checked keys, pinned installs, holds."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Generator, Iterable, Mapping

from pyinfra import host
from pyinfra.api import StringCommand, operation

from rigwright.engine.reasons import because
from rigwright.facts.keyrings import Keyrings
from rigwright.facts.packages import HASH_OF_OTHERS, LISTS, OTHERS, OURS, STAMPS, Packages, PackagesState, hash_of
from rigwright.operations import files
from rigwright.operations.scripts import script

LOCK_TIMEOUT_S = 300
"""How long apt waits for another apt before it gives up with an error: an unattended upgrade, or our own of before the
connection was lost, which DKMS may keep for minutes."""

APT = (
    "env LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none apt-get -q -y"
    f" -o DPkg::Lock::Timeout={LOCK_TIMEOUT_S} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
)
WAIT = (
    f"{{ said=$({APT} check 2>&1) || case $said in *'frontend lock'*)"
    ' echo "$said" | tail -n 1 >&2;'
    f' echo "another apt or dpkg has not ended in {LOCK_TIMEOUT_S} s; nothing was changed; see what it does'
    ' (fuser -v /var/lib/dpkg/lock-frontend), then run again" >&2; false;; esac; }'
)
"""Wait for another apt, once; fails where it does not end. dpkg itself does not wait."""

WAITING_APT = f"{WAIT} && {APT}"
"""apt-get for a step of one command that changes packages: where it cannot, it says who is in the way."""

CONFIGURE = f"{WAIT} && env LC_ALL=C DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a"
_READ = "-o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update"
READ_OTHERS = (
    f"work=$(mktemp -d) && trap 'rm -rf \"$work\"' EXIT && hash=$({HASH_OF_OTHERS}) &&"
    f" {{ find {LISTS} -maxdepth 1 \\( -name '*.list' -o -name '*.sources' \\) ! -name '{OURS}'"
    ' -exec cp -L {} "$work" \\; ; }'
    f' && {APT} -o Dir::Etc::sourceparts="$work" {_READ} && mkdir -p {STAMPS} && echo "$hash" > {STAMPS}/{OTHERS}'
)
"""Has apt read all sources but ours."""

_TRIED = (
    "work=$(mktemp -d) && cp {path} $work/tried.sources &&"
    f" {APT} -o Dir::Etc::sourcelist=$work/tried.sources -o Dir::Etc::sourceparts=- {_READ} >&2;"
    " status=$?; rm -rf $work; [ $status = 0 ]"
)


@operation()
def repaired(modules_may_fail: bool = False) -> Generator[StringCommand, None, None]:
    """Finish what an interrupted dpkg run left half done; a kernel module that cannot be built is named, with why.

    ``modules_may_fail``: such a module is no failure: who calls this is about to replace it, or to name it himself.
    """
    state = host.get_fact(Packages)
    if not state.unfinished and not state.audit:
        host.noop("dpkg has nothing unfinished")
        return
    because(f"dpkg left unfinished: {', '.join(sorted(state.unfinished)) or 'an interrupted run'}")
    arguments = ("modules-may-fail",) if modules_may_fail else ()
    blanks = {"WAIT": WAIT, "CONFIGURE": CONFIGURE, "APT": APT}
    yield script(("dkms_report.sh", "repair.sh"), blanks, arguments)


@operation()
def key(url: str, fingerprint: str, keyring: str) -> Generator[str, None, None]:
    """Fetch a repository's key into ``keyring``, only if it is the one with this fingerprint (40 hex digits).

    Needs gpg on the host. A key with another fingerprint is an error that shows both; the old keyring stays.
    """
    if host.get_fact(Keyrings, paths=[keyring])[keyring] == [fingerprint]:
        host.noop(f"{keyring} holds {fingerprint}")
        return
    because(f"{keyring}: does not hold key {fingerprint}")
    path = shlex.quote(keyring)
    gpg = 'gpg --homedir "$work" --no-options --batch --quiet'
    yield (
        f"work=$(mktemp -d) && trap 'rm -rf \"$work\"' EXIT && "
        f'{{ /usr/lib/apt/apt-helper download-file {shlex.quote(url)} "$work/key" >"$work/log" 2>&1 '
        f'|| {{ echo "cannot fetch the repository key {url}:" >&2; tail -n 3 "$work/log" >&2; exit 1; }}; }} && '
        f'found=$({gpg} --no-keyring --with-colons --show-keys "$work/key" 2>/dev/null'
        " | awk -F: '$1==\"pub\"{p=1} $1==\"fpr\"&&p{print $10; p=0}' | tr '\\n' ' ') && "
        f'if [ "$found" != "{fingerprint} " ]; then echo "the key at {url} is not the declared one:'
        f' fingerprint ${{found:-none}}, expected {fingerprint}; nothing was changed" >&2; exit 1; fi && '
        # An import would need an agent; what was checked above is the whole file.
        f'if grep -q "BEGIN PGP" "$work/key"; then {gpg} --dearmor < "$work/key" > "$work/out";'
        ' else cp "$work/key" "$work/out"; fi && '
        f'install -D -m 644 "$work/out" {path}.rigwright && mv -f {path}.rigwright {path}'
    )


@operation()
def source(path: str, text: str) -> Generator[StringCommand, None, None]:
    """A file under /etc/apt/sources.list.d (deb822), put there once apt has read what it names; `updated` reads all.

    A source that fails would keep apt from all its work, whoever uses it.
    """
    yield from files.content._inner(dest=path, text=text, validate=_TRIED)


@operation()
def updated(source: str | None = None) -> Generator[str, None, None]:
    """Fetch the lists of one source file of ours, or of all sources but ours, unless apt has read them as they stand.

    Each layer has its own read: one that is broken, because somebody removed its key, say, is mended by its layer, and
    must not keep the layers before it from their work.
    """
    state = host.get_fact(Packages)
    if state.lists_current if source is None else source in state.sources_read:
        host.noop(f"apt has read {source or 'its sources'}")
        return
    because(f"apt has not read {f'{source} as it stands' if source else 'its sources as they stand'} now")
    yield read_command(source)


def read_command(source: str | None) -> str:
    """What has apt read one source file of ours, or (None) all others."""
    return READ_OTHERS if source is None else _read(source)


def _read(source: str) -> str:
    path = shlex.quote(source)
    return (
        f"hash=$({hash_of(path)}) && {APT} -o Dir::Etc::sourcelist={path} -o Dir::Etc::sourceparts=- {_READ}"
        f' && mkdir -p {STAMPS} && echo "$hash" > {STAMPS}/{shlex.quote(posixpath.basename(source))}'
    )


@operation()
def install(
    packages: Mapping[str, str | None] | Iterable[str],
    recommends: bool = False,
    options: str = "",
    instead_of: Iterable[str] = (),
    beside_unfinished: bool = False,
) -> Generator[str, None, None]:
    """Install packages by name and exact version (None: any).

    ``instead_of``: packages that go, in the same transaction: nothing of them is gone before all is downloaded that
    comes in their place. They are not purged.
    A missing file on the mirror (stale lists) is answered with one update and a second try. Half-installed packages are
    finished first. A wanted exact version may go down and may change a hold of ours. With ``beside_unfinished`` others
    that cannot be finished are no failure, as long as the wanted ones are installed: who comes later deals with them.
    """
    wanted = dict(packages) if isinstance(packages, Mapping) else dict.fromkeys(packages)
    state = host.get_fact(Packages)
    gaps = {}
    for name, version in sorted(wanted.items()):
        have = state.installed.get(name)
        if have is None or (version and have != version):
            gaps[name] = f"{name}: {have or state.unfinished.get(name) or 'absent'}, wanted {version or 'installed'}"
    go = {name: found for name in sorted(set(instead_of)) if (found := _there(state, name))}
    if not gaps and not go:
        host.noop("all packages are installed")
        return
    because("; ".join([*gaps.values(), *(f"{name}: {found}, wanted absent" for name, found in go.items())]))
    if (state.unfinished or state.audit) and not beside_unfinished:
        yield CONFIGURE
    words = [f"{name}={wanted[name]}" if wanted[name] else name for name in gaps] + [f"{name}-" for name in go]
    arguments = " ".join(map(shlex.quote, words))
    exact = "--allow-downgrades --allow-change-held-packages" if go or any(wanted[name] for name in gaps) else ""
    recommended = "--install-recommends" if recommends else "--no-install-recommends"
    command = f"{APT} {recommended} {exact} {options} install {arguments}"
    done = ""
    if beside_unfinished:
        names = " ".join(map(shlex.quote, gaps))
        done = f" || [ \"$(dpkg-query -W -f '${{db:Status-Status}} ' {names})\" = '{'installed ' * len(gaps)}' ]"
    yield f"{WAIT} && {{ {command} || {{ {APT} update; {command}; }}{done}; }}"


@operation()
def remove(names: Iterable[str], purge: bool = True, autoremove: bool = False) -> Generator[str, None, None]:
    """Remove packages, with their configuration if ``purge``."""
    state = host.get_fact(Packages)
    there = {name: found for name in sorted(set(names)) if (found := _there(state, name, residual=purge))}
    if not there:
        host.noop("no such package is installed")
        return
    because("; ".join(f"{name}: {have}, wanted absent" for name, have in there.items()))
    verb = f"--allow-change-held-packages {'--purge' if purge else ''} {'--auto-remove' if autoremove else ''} remove"
    yield f"{WAITING_APT} {verb} {' '.join(map(shlex.quote, there))}"


def _there(state: PackagesState, name: str, residual: bool = False) -> str | None:
    """What is there of a package: its version, or its state."""
    left = "configuration left" if residual and name in state.residual else None
    return state.installed.get(name) or state.unfinished.get(name) or left


@operation()
def held(names: Iterable[str]) -> Generator[str, None, None]:
    """Hold packages where they are, so that no upgrade moves them."""
    missing = sorted(set(names) - host.get_fact(Packages).held)
    if not missing:
        host.noop("all are held")
        return
    because(f"not held: {', '.join(missing)}")
    yield f"apt-mark hold {' '.join(map(shlex.quote, missing))}"


@operation()
def released(names: Iterable[str]) -> Generator[str, None, None]:
    """Release holds."""
    there = sorted(set(names) & host.get_fact(Packages).held)
    if not there:
        host.noop("none is held")
        return
    because(f"held, wanted free: {', '.join(there)}")
    yield f"apt-mark unhold {' '.join(map(shlex.quote, there))}"
