"""Who can log in before the first apply."""

from __future__ import annotations

from typing import Any

from rigwright.choice.install.people import Person, installed_people
from rigwright.spec.rig import Rig


def people(ssh_user: str, **users: Any) -> tuple[Person, ...]:
    return installed_people(Rig.model_validate({"name": "x", "access": {"users": users}}), ssh_user)


OWNER = Person("owner", ("A", "B"), "nopasswd")


def test_root_is_given_keys_only_of_those_who_are_root_anyway() -> None:
    users: dict[str, Any] = {
        "owner": {"keys": ["A", "B"]},
        "guest": {"keys": ["C"], "sudo": "none"},
        "admin": {"keys": ["D"], "sudo": "password"},
        "second": {"keys": ["B"]},
    }
    found = people("root", **users)
    assert found[0] == Person("root", ("A", "B"), "none")
    assert [each.name for each in found] == ["root", "owner", "guest", "admin", "second"]
    assert people("owner", **users)[0] == OWNER


def test_who_is_declared_as_root_is_root() -> None:
    found = people("root", owner={"keys": ["A", "B"]}, root={"keys": ["R"]})
    assert found == (OWNER, Person("root", ("R",), "nopasswd"))


def test_whoever_has_no_key_or_is_absent_has_no_account_yet() -> None:
    assert people("owner", owner={"keys": ["A", "B"]}, a={}, b={"state": "absent", "keys": ["A"]}) == (OWNER,)
