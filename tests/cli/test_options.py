"""Shared options: before and after the verb, which of two wins, what names mean."""

import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cli.story import Story, table
from dynasmith import Project
from dynasmith.project.project import world_of
from dynasmith.version import __version__


def test_before_and_after_the_verb(story: Story) -> None:
    story.define(table(), name="mine.json")
    assert story("--config", "mine.json", "--env", "local", "--json", "ensure").json["created"] == ["orders"]
    assert story("ensure", "--config", "mine.json", "--env", "local", "--json").json["existing"] == ["orders"]
    # What stands after the verb is nearer to it and wins.
    assert story("--config", "absent.json", "check", "--config", "mine.json").code == 0


def test_the_version_and_help(story: Story) -> None:
    assert story("--version").out == f"dynasmith {__version__}\n"
    shown = story("--help").out
    assert "Example: dynasmith plan" in shown
    assert story("-h").out == shown


def test_quiet_says_nothing_but_errors(story: Story) -> None:
    story.define(table())
    answer = story("apply", "--yes", "--quiet")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert story("delete", "absent", "--quiet").error == "Table absent does not exist."


def _closed_ports(count: int) -> list[str]:
    """Addresses that nothing listens on."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [f"http://127.0.0.1:{probe.getsockname()[1]}" for probe in probes]
    for probe in probes:
        probe.close()
    return found


def test_option_over_variable_over_section(story: Story, shell: pytest.MonkeyPatch) -> None:
    by_section, by_variable, by_option = _closed_ports(3)
    story.write("dynasmith.toml", f'[environments.dev]\nendpoint = "{by_section}"\n')
    shell.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    assert by_section in story("list", "--env", "dev").error
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", by_variable)
    assert by_variable in story("list", "--env", "dev").error
    assert by_option in story("list", "--env", "dev", "--endpoint", by_option).error


@pytest.mark.usefixtures("shell")
def test_the_default_environment_is_local_at_port_8000() -> None:
    with Project.load() as project:
        access = world_of(project).session.access
    assert (project.environment, access.endpoint, access.region) == ("local", "http://127.0.0.1:8000", "us-east-1")


def test_prefix_and_suffix_of_an_environment(story: Story) -> None:
    story.define(table("orders"), table("users"), name="tables.json")
    story.write(
        "dynasmith.toml",
        """
        definitions = ["tables.json"]
        [environments.qa]
        table_prefix = "qa-"
        table_suffix = "-v1"
        """,
    )
    assert story("ensure", "orders", "--env", "qa").err.endswith("Created qa-orders-v1.\n")
    assert story.live() == ["qa-orders-v1"]
    assert story("describe", "orders", "--env", "qa", "--json").json["name"] == "qa-orders-v1"
    # The physical name of a defined table is understood too; another name is literal, and --physical makes all so.
    assert story("ensure", "qa-users-v1", "--env", "qa").code == 0
    assert story("describe", "orders", "--env", "qa", "--physical").error == "Table orders does not exist."
    listed = {each["name"]: each["defined"] for each in story("list", "--env", "qa", "--json").json}
    assert listed == {"qa-orders-v1": "defined", "qa-users-v1": "defined"}
    imported = story("import", "orders", "--env", "qa")
    assert "- name: orders\n" in imported.out
    assert story("delete", "orders", "--env", "qa", "--confirm", "orders").code == 4
    assert story("delete", "orders", "--env", "qa", "--confirm", "qa-orders-v1").code == 0


def test_the_project_is_found_from_below_and_from_elsewhere(story: Story, shell: pytest.MonkeyPatch) -> None:
    story.write("shop/dynasmith.toml", 'definitions = ["tables/*.json"]\n')
    story.define(table(), name="shop/tables/orders.json")
    (story.folder / "shop" / "src" / "deep").mkdir(parents=True)
    assert story("ensure", "--directory", "shop").code == 0
    assert story("check", "--config", "shop/dynasmith.toml").code == 0
    shell.chdir(story.folder / "shop" / "src" / "deep")
    assert story("check").code == 0


def test_an_environment_changes_tables_by_name(story: Story) -> None:
    story.write(
        "tables.yaml",
        """
        tables:
          - name: orders
            attributes: [{name: pk, type: S}]
            key_schema: [{attribute_name: pk, key_type: HASH}]
            tags: {stage: "${STAGE:-dev}"}
        environments:
          prod:
            tables: [{name: orders, deletion_protection: true}]
        """,
    )
    story.write("dynasmith.toml", 'definitions = ["tables.yaml"]\n[environments.prod]\ntable_prefix = "prod-"\n')
    assert story("ensure").code == 0
    assert story("ensure", "--env", "prod").code == 0
    protected = {
        name: bool(story.client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"))
        for name in story.live()
    }
    assert protected == {"orders": False, "prod-orders": True}


def test_no_trace_without_debug(story: Story, shell: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    shell.setattr("dynasmith.project.project.Project.list", broken)
    answer = story("list")
    assert (answer.code, answer.error) == (1, "Unexpected ZeroDivisionError: a fault of ours")
    assert "--debug" in answer.hint
    traced = story("list", "--debug")
    assert traced.code == 1
    assert "Traceback" in traced.err


@pytest.mark.parametrize("option", ["--env", "--endpoint", "--config", "--profile"])
def test_an_empty_option_is_a_shell_variable_that_is_not_set(story: Story, option: str) -> None:
    story.define(table())
    answer = story("ensure", option, "")
    assert (answer.code, answer.error) == (2, f"{option} is empty.")
    assert story.live() == []


@pytest.mark.parametrize("verb", [("apply", "--yes"), ("ensure",)])
def test_a_reader_who_leaves_does_not_stop_the_work(story: Story, verb: tuple[str, ...]) -> None:
    story.define(table("orders"), table("users"))
    with story.spawn(*verb) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        assert process.wait() == 0
    assert story.live() == ["orders", "users"]


def test_outputs_for_people_are_json_values(story: Story) -> None:
    story.define(table("orders", tags={"team": "shop"}, deletion_protection=True))
    assert story("ensure").code == 0
    lines = story("outputs").out.splitlines()
    assert "orders.deletion_protection = true" in lines
    assert 'orders.tags = {"team": "shop"}' in lines


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_no_fault_of_ours(story: Story) -> None:
    story.define(table())
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = subprocess.run(
            [sys.executable, "-m", "dynasmith", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert process.returncode == 1
    assert "No space left on device" in process.stderr
    assert "fault in dynasmith" not in process.stderr


def test_closed_streams_are_nowhere(story: Story) -> None:
    story.define(table())
    words = f"{shlex.quote(sys.executable)} -m dynasmith ensure --json >&- 2>&-"
    assert subprocess.run(["sh", "-c", words], check=False).returncode == 0
    assert story.live() == ["orders"]


def test_values_of_an_env_file_are_shown_as_their_names(story: Story) -> None:
    story.write(".env", "OWNER=the-owner-7361\nTOKEN_OF=another-secret-88\n")
    story.define(table(tags={"owner": "${OWNER}"}, billing_mode="${TOKEN_OF}"))
    story.write("dynasmith.toml", 'env_file = ".env"\ndefinitions = ["tables_config.json"]\n')
    wrong = story("plan", "--debug", "--log-file", "log.txt")
    assert (wrong.code, "${TOKEN_OF}" in wrong.err) == (2, True)
    refused = story("get", "another-secret-88", "pk=1", "--debug", "--log-file", "log.txt")
    assert (refused.code, "${TOKEN_OF}" in refused.err) == (1, True)
    shown = wrong.err + refused.err + refused.out + (story.folder / "log.txt").read_text()
    assert "another-secret-88" not in shown
