"""Drives the vendor's own SDK against a Bolt API, usually the sandbox's, and prints what it finds.

Run it with the Python of the environment that requirements.txt beside this file describes. This program imports none of
the bot's code:

    python run.py --endpoint URL --key KEY --secret SECRET

It prints one line per check, then `N passed, N failed`; the exit status is 1 if any failed. The program starts and
cancels runs.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# Before the import: otherwise, the SDK would ask the package index for a newer version of itself.
os.environ["PARADIME_DISABLE_VERSION_CHECK"] = "1"
os.environ["PARADIME_DISABLE_TELEMETRY"] = "true"

import requests
from paradime import Paradime  # type: ignore[import-not-found]
from paradime.apis.bolt.exception import BoltScheduleArtifactNotFoundException  # type: ignore[import-not-found]
from paradime.apis.bolt.types import BoltCommandConfigInput, BoltLogStream, BoltRunState  # type: ignore[import-not-found]
from paradime.client.api_exception import ParadimeAPIException  # type: ignore[import-not-found]

PATIENCE_S = 60.0
POLL_S = 0.1
FINAL = {"SUCCESS", "ERROR", "FAILED", "CANCELED", "SKIPPED"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Conformance:
    """The checks of an API and their results. `runs` keeps runs of earlier checks for later ones."""

    client: Any
    passed: int = 0
    failed: int = 0
    runs: dict[str, int] = field(default_factory=dict)

    def check(self, what: str, do: Callable[[], None]) -> None:
        """Run a check, which fails if it raises anything."""
        try:
            do()
        except Exception as error:  # noqa: BLE001 - the SDK raises anything; the other checks still run
            self.failed += 1
            print(f"FAILED  {what}: {type(error).__name__}: {error}")
        else:
            self.passed += 1
            print(f"ok      {what}")

    def run(self, slug: str) -> Any:
        """The newest run of a schedule in its listing."""
        return self.client.list_runs(slug=slug, limit=1).runs[0]

    def listed(self, slug: str, run_id: int) -> Any:
        """One run in its schedule's listing."""
        return next(each for each in self.client.list_runs(slug=slug).runs if each.id == run_id)

    def wait(self, what: str, holds: Callable[[], bool]) -> None:
        """Ask until a condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            expect(time.monotonic() < deadline, f"{what} within {PATIENCE_S:.0f} s")
            time.sleep(POLL_S)

    def wait_for_end(self, run_id: int) -> list[str]:
        """Follow a run to its end, and return the states that were seen, in order."""
        seen: list[str] = []

        def has_ended() -> bool:
            state = self.client.get_run_status(run_id)
            word = "unknown" if state is None else state.value
            if word not in seen:
                seen.append(word)
            return word in FINAL

        self.wait(f"run {run_id} ends", has_ended)
        return seen

    # Schedules

    def list_schedules(self) -> None:
        page = self.client.list_schedules()
        expect(page.total_count == len(page.schedules) > 3, "a page holds all schedules")
        nightly = next(each for each in page.schedules if each.slug == "nightly")
        expect(nightly.name == "Nightly full build", "name and slug differ")
        expect(nightly.commands == ["dbt seed", "dbt run", "dbt test"], "its own commands")
        expect(nightly.notifications.slack_notifications[0].channel == "#data-alerts", "notifications")
        expect(any(each.slack_on == [""] for each in page.schedules), 'an unset list is [""]')

    def page_schedules(self) -> None:
        whole = [each.slug for each in self.client.list_schedules().schedules]
        pages = [self.client.list_schedules(offset=at, limit=4).schedules for at in range(0, len(whole), 4)]
        expect([each.slug for page in pages for each in page] == whole, "pages make the whole")

    def filter_schedules(self) -> None:
        paused = self.client.list_schedules(suspended=True).schedules
        expect([each.slug for each in paused] == ["finance-close"], "only suspended ones")
        running = self.client.list_schedules(suspended=False).schedules
        expect(all(not each.suspended for each in running), "only those that are not")
        inactive = self.client.list_schedules(show_inactive=True).schedules
        active = {each.slug for each in self.client.list_schedules().schedules}
        expect(bool(inactive) and not active & {each.slug for each in inactive}, "inactive ones instead")

    def get_schedule(self) -> None:
        found = self.client.get_schedule(slug="nightly")
        expect(found.latest_run_id == self.run("nightly").id, "latest run")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            expect(self.client.get_schedule("nightly").uuid == found.uuid, "both spellings")

    def unknown_schedule(self) -> None:
        refused(lambda: self.client.get_schedule(slug="no-such-schedule"), "not found")
        refused(lambda: self.client.trigger_run(slug="Nightly full build"), "not found")

    # Runs

    def trigger(self) -> None:
        self.runs["nightly"] = run_id = self.client.trigger_run(slug="nightly")
        states = self.wait_for_end(run_id)
        expect(states[-1] == "SUCCESS", f"it succeeds, not {states}")
        listed = self.listed("nightly", run_id)
        expect(listed.state == "SUCCESS" and bool(listed.end_dttm), "its listing says so")
        expect(listed.git_info.branch == "main", "on the schedule's branch")

    def trigger_with_options(self) -> None:
        run_id = self.client.trigger_run(
            slug="nightly", branch="feature/margins", pr_number=482, commands=["dbt run", "echo done"], reason="a check"
        )
        listed = self.run("nightly")
        expect(listed.id == run_id, "newest first")
        expect(listed.git_info.branch == "feature/margins", "branch")
        expect(listed.git_info.pull_request_id == "482", "pull request, as a text")
        expect(self.wait_for_end(run_id)[-1] == "SUCCESS", "it succeeds")
        commands = [each.command for each in self.client.list_run_commands(run_id)]
        expect(commands[2:] == ["dbt run", "echo done"], f"commands in place of its own: {commands[2:]}")

    def trigger_a_commit(self) -> None:
        run_id = self.client.trigger_run(slug="nightly", branch=COMMIT, commands=["dbt compile"])
        expect(self.listed("nightly", run_id).git_info.commit_hash == COMMIT, "commit")
        expect(self.wait_for_end(run_id)[-1] == "SUCCESS", "it succeeds")

    def trigger_with_configs(self) -> None:
        configs = [BoltCommandConfigInput(command="dbt run --select fail", continue_on_error=True), {"command": "echo"}]
        run_id = self.client.trigger_run(slug="nightly", command_configs=configs)
        expect(self.wait_for_end(run_id)[-1] == "ERROR", "it fails in the end")
        codes = [each.return_code for each in self.client.list_run_commands(run_id)]
        expect(codes == [0, 0, 1, 0], f"and goes on after the failure: {codes}")

    def trigger_continuing(self) -> None:
        run_id = self.client.trigger_run(slug="nightly", commands=["fail", "echo"], continue_on_error=True)
        self.wait_for_end(run_id)
        expect(len(self.client.list_run_commands(run_id)) == 4, "goes on after the failure")
        run_id = self.client.trigger_run(slug="nightly", commands=["fail", "echo"])
        self.wait_for_end(run_id)
        expect(len(self.client.list_run_commands(run_id)) == 3, "and else does not")

    def already_running(self) -> None:
        refused(lambda: self.client.trigger_run(slug="already-running"), "AlreadyRunningException")

    def unknown_state(self) -> None:
        run_id = self.client.trigger_run(slug="slow-start")
        states = self.wait_for_end(run_id)
        expect(states[0] == "STARTING" and "unknown" in states and states[-1] == "SUCCESS", f"states: {states}")

    def unknown_run(self) -> None:
        refused(lambda: self.client.get_run_status(1), "not found")

    def list_runs(self) -> None:
        runs = self.client.list_runs(slug="hourly").runs
        ids = [each.id for each in runs]
        expect(ids == sorted(ids, reverse=True) and len(ids) > 3, "newest first")
        second = self.client.list_runs(slug="hourly", offset=1, limit=2).runs
        expect([each.id for each in second] == ids[1:3], "a page of them")
        expect(any(each.actor_email for each in runs) and any(not each.actor_email for each in runs), "actors")

    # Commands, logs, artifacts

    def commands(self) -> None:
        commands = self.client.list_run_commands(self.runs["nightly"])
        words = [each.command.split()[:2] for each in commands]
        expect(words[0] == ["git", "clone"] and words[1] == ["dbt", "deps"], "the platform's own come first")
        expect([each.id for each in commands] == sorted(each.id for each in commands), "in order of their ids")
        expect(all(each.return_code == 0 and each.end_dttm for each in commands), "all have ended")
        expect("Completed successfully" in commands[2].stdout, "dbt's log is on stdout")

    def failure(self) -> None:
        self.runs["hourly"] = run_id = self.client.trigger_run(slug="hourly")
        expect(self.wait_for_end(run_id)[-1] == "ERROR", "it fails")
        last = self.client.list_run_commands(run_id)[-1]
        expect(last.return_code == 1 and "Completed with 1 error" in last.stdout, "in a model, as dbt says")
        expect(not last.stderr, "and nothing on stderr")

    def live_log(self) -> None:
        run_id = self.client.trigger_run(slug="nightly", commands=["dbt build"])
        self.wait("its build begins", lambda: len(self.client.list_run_commands(run_id)) == 3)
        running = self.client.list_run_commands(run_id)[-1]
        expect(running.return_code is None, "it is running")
        early = self.client.get_command_logs(running.id)
        lines = list(self.client.stream_command_logs(running.id, poll_interval=POLL_S))
        expect(not early.finished and len(early.lines) < len(lines), "the log grows")
        whole = self.client.list_run_commands(run_id)[-1].stdout
        out = [each.line for each in lines if each.stream == BoltLogStream.STDOUT]
        expect(whole.splitlines() == out, "and is in the end the whole of stdout")
        self.wait_for_end(run_id)

    def long_log(self) -> None:
        run = self.run("noisy")
        last = self.client.list_run_commands(run.id)[-1]
        lines = list(self.client.stream_command_logs(last.id, poll_interval=POLL_S))
        expect(len(last.stdout) > 2_000_000, "megabytes")
        expect(len(lines) == len(last.stdout.splitlines()), "in pages, whole")

    def program_failure(self) -> None:
        run = next(each for each in self.client.list_runs(slug="partner-export").runs if each.state == "FAILED")
        last = self.client.list_run_commands(run.id)[-1]
        expect("Traceback" in last.stderr and last.return_code == 1, "a program's error is on stderr")

    def artifacts(self) -> None:
        last = self.client.list_run_commands(self.runs["hourly"])[-1]
        found = {each.path: each.id for each in self.client.list_command_artifacts(last.id)}
        expect(set(found) == {"target/manifest.json", "target/run_results.json"}, f"paths: {sorted(found)}")
        answer = requests.get(self.client.get_artifact_url(found["target/run_results.json"]), timeout=10)
        results = {each["unique_id"]: each["status"] for each in answer.json()["results"]}
        expect(results["model.shop.fct_revenue"] == "error", "the model that failed")

    def latest_artifacts(self) -> None:
        manifest = self.client.get_latest_manifest_json(slug="nightly")
        expect("model.shop.fct_revenue" in manifest["nodes"], "manifest.json")
        url = self.client.get_latest_artifact_url(slug="nightly", artifact_path="target/run_results.json")
        expect(requests.get(url, timeout=10).json()["metadata"]["dbt_version"].startswith("1."), "run_results.json")
        url = self.client.get_latest_artifact_url(slug="freshness", artifact_path="target/sources.json")
        expect(bool(requests.get(url, timeout=10).json()["results"]), "sources.json")

    def no_artifact(self) -> None:
        try:
            self.client.get_latest_artifact_url(slug="nightly", artifact_path="target/nothing.json", max_runs=2)
        except BoltScheduleArtifactNotFoundException:
            return
        raise AssertionError("a file that was never written is not found")

    # Cancel, retry, suspend

    def cancel(self) -> None:
        self.runs["backfill"] = run_id = self.client.trigger_run(slug="backfill")
        self.wait("it runs", lambda: self.client.get_run_status(run_id) is BoltRunState.RUNNING)
        self.client.cancel_run(run_id)
        expect(self.client.get_run_status(run_id) is BoltRunState.RUNNING, "cancel only asks")
        expect(self.wait_for_end(run_id)[-1] == "CANCELED", "then it is cancelled")
        last = self.client.list_run_commands(run_id)[-1]
        expect(last.return_code not in (None, 0) and bool(last.end_dttm), "and its command has ended badly")

    def retry(self) -> None:
        old = self.runs["hourly"]
        run_id = self.client.retry_run(old)
        expect(self.listed("hourly", run_id).parent_schedule_run_id == old, "it names the old run")
        expect(self.wait_for_end(run_id)[-1] == "SUCCESS", "it succeeds")
        own = [each.command for each in self.client.list_run_commands(run_id) if not is_platform(each.command)]
        expect(own == ["dbt retry"], f"the failed command alone: {own}")
        expect(self.client.get_run_status(old) is BoltRunState.ERROR, "the old run stays as it was")

    def retry_all(self) -> None:
        run_id = self.client.retry_run_all(self.runs["nightly"])
        expect(self.wait_for_end(run_id)[-1] == "SUCCESS", "it succeeds")
        own = [each.command for each in self.client.list_run_commands(run_id) if not is_platform(each.command)]
        expect(own == ["dbt seed", "dbt run", "dbt test"], f"all of its commands: {own}")

    def retry_from_failure(self) -> None:
        run_id = self.client.retry_schedule_from_failure(slug="data-quality-tests")
        expect(self.wait_for_end(run_id)[-1] == "SUCCESS", "it succeeds")

    def retry_success(self) -> None:
        refused(lambda: self.client.retry_run(self.runs["nightly"]), "no failed commands")

    def suspend(self) -> None:
        self.client.suspend_schedule(slug="hourly", suspend=True)
        expect(self.client.get_schedule(slug="hourly").suspended, "it is suspended")
        self.client.suspend_schedule(slug="hourly", suspend=False)
        expect(not self.client.get_schedule(slug="hourly").suspended, "and resumed")
        refused(lambda: self.client.suspend_schedule(slug="finance-close", suspend=False), "YAML")


def expect(holds: object, what: str) -> None:
    """Fail the check unless it holds."""
    if not holds:
        raise AssertionError(what)


def refused(do: Callable[[], object], because: str) -> None:
    """Fail the check unless the API refuses with these words."""
    try:
        do()
    except ParadimeAPIException as error:
        expect(because in str(error), f"refused with {because!r}, not: {error}")
        return
    raise AssertionError(f"it is refused: {because}")


def is_platform(command: str) -> bool:
    """Whether Bolt adds this command by itself."""
    return command.startswith(("git clone", "dbt deps"))


def credentials(endpoint: str, key: str, secret: str) -> None:
    """Check each form of credentials that the SDK sends, and a wrong one."""
    good: list[dict[str, str]] = [{"api_key": key, "api_secret": secret}]
    if secret == "sandbox":  # noqa: S105 - the sandbox's own, not a real secret
        good.append({"api_secret": "prdm_wsp_sandbox"})
        good.append({"api_secret": "prdm_cmp_sandbox", "workspace_uid": "sandbox"})
    for each in good:
        expect(Paradime(api_endpoint=endpoint, **each).bolt.list_schedules().total_count > 0, str(sorted(each)))
    wrong = Paradime(api_endpoint=endpoint, api_key=key, api_secret="wrong")  # noqa: S106 - it's wrong on purpose
    refused(wrong.bolt.list_schedules, "401")


def main() -> int:
    """Run all checks."""
    parser = argparse.ArgumentParser(description="Drive the vendor's SDK against a Bolt API.")
    for name in ("endpoint", "key", "secret"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    sdk = Paradime(api_endpoint=options.endpoint, api_key=options.key, api_secret=options.secret)
    checks = Conformance(sdk.bolt)
    checks.check("credentials", lambda: credentials(options.endpoint, options.key, options.secret))
    for do in (
        checks.list_schedules,
        checks.page_schedules,
        checks.filter_schedules,
        checks.get_schedule,
        checks.unknown_schedule,
        checks.trigger,
        checks.trigger_with_options,
        checks.trigger_a_commit,
        checks.trigger_with_configs,
        checks.trigger_continuing,
        checks.already_running,
        checks.unknown_state,
        checks.unknown_run,
        checks.list_runs,
        checks.commands,
        checks.failure,
        checks.live_log,
        checks.long_log,
        checks.program_failure,
        checks.artifacts,
        checks.latest_artifacts,
        checks.no_artifact,
        checks.cancel,
        checks.retry,
        checks.retry_all,
        checks.retry_from_failure,
        checks.retry_success,
        checks.suspend,
    ):
        checks.check(do.__name__.replace("_", " "), do)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
