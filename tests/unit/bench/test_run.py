"""What counts as "nothing to do", in the words of each program."""

import pytest

from bench.run import BenchError, Said, ansible_found, program, pyinfra_found, rig_found

PYINFRA = """\
--> Results:
    Operation                            Hosts   Success   Error   No Change   
    base | Install the base packages     1       {row}           
    base | Keep needrestart quiet        1       -         -       1           
    Grand total                          2       {total}           
"""  # noqa: W291  # as it is printed
ANSIBLE = """\
PLAY [A GPU server] ************************************************************

TASK [Install the packages] ****************************************************
ok: [basement]

TASK [Have the users] **********************************************************
{result}: [basement] => (item=owner)

PLAY RECAP *********************************************************************
basement                   : ok=2    changed={changed}    unreachable={lost}    failed={failed}    skipped=0

"""


def test_rig_plan_says_it_by_its_status() -> None:
    assert rig_found(Said(0, "")) is None
    assert "status 2" in str(rig_found(Said(2, "base | Keep needrestart quiet: would change")))


def test_pyinfra_says_it_by_its_grand_total() -> None:
    nothing = PYINFRA.format(row="-         -       1", total="-         -       2")
    assert pyinfra_found(Said(0, nothing)) is None
    something = PYINFRA.format(row="1         -       -", total="1         -       1")
    found = pyinfra_found(Said(0, something))
    assert found is not None
    assert found.startswith("1 of 2 operations had nothing to do")
    assert "base | Install the base packages" in found
    assert "needrestart" not in found


def test_ansible_says_it_by_its_recap() -> None:
    assert ansible_found(Said(0, ANSIBLE.format(result="ok", changed=0, lost=0, failed=0))) is None
    found = ansible_found(Said(0, ANSIBLE.format(result="changed", changed=1, lost=0, failed=0)))
    assert found == "it changed 1 of 2 tasks:\n    Have the users"


@pytest.mark.parametrize(("lost", "failed"), [(1, 0), (0, 1)])
def test_a_host_that_ansible_lost_or_failed_on_is_not_as_declared(lost: int, failed: int) -> None:
    found = ansible_found(Said(0, ANSIBLE.format(result="ok", changed=0, lost=lost, failed=failed)))
    assert found is not None
    assert "PLAY RECAP" in found


def test_silence_is_not_taken_for_nothing_to_do() -> None:
    for judge in (pyinfra_found, ansible_found):
        assert judge(Said(0, "")) is not None
        assert judge(Said(1, "")) is not None
    assert pyinfra_found(Said(0, "    Grand total      0       -         -       0  \n")) is not None


def test_a_program_that_is_missing_is_named_with_what_installs_it() -> None:
    with pytest.raises(BenchError, match=r"no-such-playbook .* `make bench` installs it"):
        program("no-such-playbook")
