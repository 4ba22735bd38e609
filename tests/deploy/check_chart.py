"""The Helm chart, with a real Helm: what it renders is valid and starts a bot, and wrong values are refused clearly."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from bot.load_settings import load_settings, unknown
from tests.deploy.schemas import ROOT, wrong
from tests.pages import blocks, read

CHART = ROOT / "deploy" / "helm" / "bolt-bot"
RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
HELM = os.environ.get("HELM", "")
# The oldest version that the chart allows, and the newest with schemas.
VERSIONS = ["1.25", "1.31", "1.37"]

pytestmark = pytest.mark.skipif(not HELM, reason="there is no Helm")

LEAST: dict[str, Any] = {
    "existingSecret": "tokens",
    "settings": {"PARADIME_API_ENDPOINT": "https://api.paradime.io/api/v1/acme/graphql"},
}
SHARED: dict[str, Any] = {**LEAST, "replicas": 4, "redis": {"url": "redis://redis:6379/0"}}
EVERYTHING: dict[str, Any] = {
    **LEAST,
    "image": {"repository": "registry.example/bolt-bot", "tag": "1.2.3-no-charts", "pullPolicy": "Always"},
    "imagePullSecrets": [{"name": "pull"}],
    "secretKeys": ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "PARADIME_API_KEY", "PARADIME_API_SECRET"],
    "settings": {
        **LEAST["settings"],
        "BOLT_BOT_AUDIT_ENTRIES": 1_000_000,
        "BOLT_BOT_POLL_MIN_S": 2.5,
        "BOLT_BOT_SHOW_ROW_VALUES": True,
        "BOLT_BOT_COMMAND": "/dbt",
    },
    "redis": {"existingSecret": "redis", "key": "url", "ports": [6379, 26379]},
    "replicas": 2,
    "files": {
        "policy": "version: 1\nrules:\n  - who: {roles: [member]}\n    what: [start]\n    allow: true\n",
        "watches": "version: 1\nchannels:\n  C0123ABC:\n    - watch: nightly\n",
    },
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "host": "bolt.example",
        "tlsSecret": "tls",
        "annotations": {"a": "b"},
    },
    "networkPolicy": {"extraEgress": [{"ports": [{"port": 3128}]}]},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "serviceAccount": {"annotations": {"a": "b"}},
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca"}],
    "podAnnotations": {"a": "b"},
    "podLabels": {"c": "d"},
    "nodeSelector": {"e": "f"},
    "tolerations": [{"key": "g", "operator": "Exists"}],
    "affinity": {"podAntiAffinity": {}},
    "priorityClassName": "high",
}
VALUES: dict[str, dict[str, Any]] = {
    "least": LEAST,
    "shared": SHARED,
    "everything": EVERYTHING,
    "OpenShift": {**LEAST, "podSecurityContext": {"fsGroup": None}},
    "volume of its own": {
        **LEAST,
        "persistence": {"existingClaim": "mine"},
        "serviceAccount": {"name": "mine"},
        "networkPolicy": {"enabled": False},
    },
}


def helm(command: str, values: dict[str, Any], *, name: str = "bolt") -> subprocess.CompletedProcess[str]:
    """Run Helm on the chart with these values. `name` is the release's name."""
    names = [name] if command == "template" else []
    return subprocess.run(  # noqa: S603 - the Helm that the Makefile fetched
        [HELM, command, *names, CHART, "--values", "-"],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )


def rendered(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The objects that Helm renders, by kind."""
    done = helm("template", values)
    assert done.returncode == 0, done.stderr
    return {one["kind"]: one for one in yaml.safe_load_all(done.stdout) if one}


def container(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The bot's container."""
    (one,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert isinstance(one, dict)
    return one


@pytest.mark.parametrize("name", VALUES)
def test_it_renders_what_kubernetes_takes(name: str) -> None:
    """Helm's lint finds nothing, and every field of every object is valid in Kubernetes."""
    done = helm("lint", VALUES[name])
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout
    objects = [one for one in rendered(VALUES[name]).values() if "monitoring.coreos.com" not in one["apiVersion"]]
    assert wrong(kubernetes=objects, versions=VERSIONS) == []


def test_a_wrong_object_is_found() -> None:
    """The check finds a wrong field."""
    service = rendered(LEAST)["Service"]
    service["spec"]["prots"] = []
    assert len(wrong(kubernetes=[service], versions=VERSIONS)) == len(VERSIONS)


@pytest.mark.parametrize("name", VALUES)
def test_the_bot_starts_with_what_it_sets(name: str, tmp_path: Path) -> None:
    """The bot starts with the chart's variables, and every file named in them is mounted."""
    objects = rendered(VALUES[name])
    bot, volumes = container(objects), objects["Deployment"]["spec"]["template"]["spec"]["volumes"]
    files = mounted(bot, volumes, objects.get("ConfigMap"))
    environment = {}
    for one in bot["env"]:
        value = one["value"]
        if one["name"].endswith("_FILE"):
            path = tmp_path / one["name"]
            path.write_text(files[value], encoding="utf-8")
            value = str(path)
        environment[one["name"]] = value
    with patch.dict(os.environ, environment, clear=True):
        settings = load_settings()
        assert unknown() == ()
    assert settings.bolt_bot_admin_port == bot["ports"][1]["containerPort"]
    assert settings.bolt_bot_http_port == bot["ports"][0]["containerPort"]
    assert settings.paradime_api_endpoint == LEAST["settings"]["PARADIME_API_ENDPOINT"]
    if name == "everything":
        assert settings.bolt_bot_audit_entries == 1_000_000
        assert settings.bolt_bot_poll_min_s == 2.5
        assert settings.bolt_bot_show_row_values


CONTENTS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "REDIS_URL": "redis://:p@redis:6379/0"}


def mounted(bot: dict[str, Any], volumes: list[dict[str, Any]], files: dict[str, Any] | None) -> dict[str, str]:
    """The text of every mounted file; a secret's text is made up."""
    folders = {one["name"]: one["mountPath"] for one in bot["volumeMounts"]}
    assert set(folders) == {one["name"] for one in volumes}
    found = {}
    for volume in volumes:
        folder = folders[volume["name"]]
        for item in volume.get("secret", {}).get("items", []):
            found[f"{folder}/{item['path']}"] = CONTENTS.get(item["path"], "prdm_wsp_x")
        if volume["name"] == "files":
            assert files is not None
            found |= {f"{folder}/{name}": text for name, text in files["data"].items()}
    return found


def test_a_changed_file_restarts_nothing() -> None:
    """A changed file doesn't restart the bot, which reads it again by itself."""
    changed = {**EVERYTHING, "files": {**EVERYTHING["files"], "policy": "version: 1\n"}}
    assert rendered(EVERYTHING)["Deployment"] == rendered(changed)["Deployment"]
    assert rendered(EVERYTHING)["ConfigMap"] != rendered(changed)["ConfigMap"]


def test_one_process_keeps_its_own_redis() -> None:
    """A single process has its own Redis on a volume, which no second process can use while the first ends."""
    objects = rendered(LEAST)
    assert objects["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert "PersistentVolumeClaim" in objects
    assert "PodDisruptionBudget" not in objects
    assert "PersistentVolumeClaim" not in rendered(VALUES["volume of its own"])
    assert {"ServiceMonitor", "PrometheusRule", "Ingress", "ConfigMap"}.isdisjoint(objects)


def test_several_share_one() -> None:
    """Several processes share a Redis, and an update never has more than ten connections to Slack."""
    objects = rendered(SHARED)
    spec = objects["Deployment"]["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert 2 * (spec["replicas"] + 1) <= 10
    assert "PersistentVolumeClaim" not in objects
    assert objects["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


def test_it_has_no_rights() -> None:
    """The bot isn't root, can write only to its volumes, and has no access to the cluster."""
    objects = rendered(LEAST)
    pod, bot = objects["Deployment"]["spec"]["template"]["spec"], container(objects)
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["terminationGracePeriodSeconds"] == 30
    assert bot["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    context = rendered(VALUES["OpenShift"])["Deployment"]["spec"]["template"]["spec"]["securityContext"]
    assert context.keys() == {"runAsNonRoot", "seccompProfile"}


def test_it_is_asked_where_health_is_served() -> None:
    """The probes use the admin port, not the one that Slack and Bolt reach."""
    bot = container(rendered(LEAST))
    assert bot["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "admin"}
    assert bot["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "admin"}


def test_over_http_it_goes_on_answering_for_a_moment() -> None:
    """Over HTTP, the pod keeps answering until proxies know that it's shutting down, and still has 20 s after that."""
    assert "lifecycle" not in container(rendered(LEAST))
    (program, seconds) = container(rendered(EVERYTHING))["lifecycle"]["preStop"]["exec"]["command"]
    assert program == "sleep"
    assert int(seconds) + 20 <= 30


def test_it_reaches_only_what_it_needs() -> None:
    """The network policy allows DNS and port 443, and Redis' ports only with an external Redis."""

    def ports(values: dict[str, Any]) -> list[list[int]]:
        rules = rendered(values)["NetworkPolicy"]["spec"]["egress"]
        return [sorted({one["port"] for one in rule["ports"]}) for rule in rules]

    assert ports(LEAST) == [[53, 5353], [443]]
    assert ports(EVERYTHING) == [[53, 5353], [443], [6379, 26379], [3128]]


def test_it_is_scraped_where_metrics_are_served() -> None:
    """The service monitor names a port of the service."""
    objects = rendered(EVERYTHING)
    (endpoint,) = objects["ServiceMonitor"]["spec"]["endpoints"]
    assert endpoint["port"] in {one["name"] for one in objects["Service"]["spec"]["ports"]}


def test_the_installation_guide_installs_it() -> None:
    """The installation guide's values and command work, and the deployment has the name that the guide uses."""
    steps = [one for one in blocks(read("docs/install.md")) if one.section == "Kubernetes"]
    (values,) = (one.text for one in steps if one.language == "yaml")
    (install,) = (line.split() for one in steps for line in one.lines() if line.startswith("helm install "))
    name, chart = install[2:4]
    assert (name, ROOT / chart) == ("bolt-bot", CHART)
    done = helm("template", yaml.safe_load(values), name=name)
    assert done.returncode == 0, done.stderr
    (deployment,) = (one for one in yaml.safe_load_all(done.stdout) if one and one["kind"] == "Deployment")
    asked = {word for one in steps for line in one.lines() for word in line.split() if word.startswith("deployment/")}
    assert asked == {f"deployment/{deployment['metadata']['name']}"}


@pytest.mark.skipif(not RULES.exists(), reason="there are no alert rules yet")
def test_the_rules_are_those_of_the_repository() -> None:
    """The chart's alert rules are the repository's, with the labels by which Prometheus finds them."""
    values = {**LEAST, "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}}}
    rule = rendered(values)["PrometheusRule"]
    assert rule["spec"] == yaml.safe_load(RULES.read_text(encoding="utf-8"))
    assert rule["metadata"]["labels"]["release"] == "prometheus"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"existingSecret": ""}, "existingSecret is missing: create a Secret with the tokens and name it"),
        ({"settings": {}}, "settings.PARADIME_API_ENDPOINT is missing: it's the address of the Bolt API"),
        ({"replicas": 2}, "replicas is 2, but replicas have to share a Redis: set redis.url or redis.existingSecret"),
        ({"replicas": 5}, "- replicas: Must be less than or equal to 4"),
        ({"replicas": "two"}, "- replicas: Invalid type. Expected: integer, given: string"),
        ({"replica": 1}, "Additional property replica is not allowed"),
        ({"settings": {"BOLT_BOT_POLL_S": 1}}, "- settings: Additional property BOLT_BOT_POLL_S is not allowed"),
        ({"settings": {"SLACK_BOT_TOKEN": "x"}}, "- settings: Additional property SLACK_BOT_TOKEN is not allowed"),
        ({"secretKeys": ["SLACK_TOKEN"]}, "- secretKeys.0: secretKeys.0 must be one of the following:"),
        ({"redis": {"url": "redis:6379"}}, "redis.url should begin with redis://, rediss:// (TLS)"),
        ({"redis": {"url": "redis://:p@h/0"}}, "redis.url contains a username or a password: put the whole address"),
        ({"redis": {"url": "redis://h", "existingSecret": "r"}}, "are both set: keep one of them."),
        ({"ingress": {"enabled": True}}, "ingress.host is missing: it's the host name at which Slack or Bolt reaches"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, Any], sentence: str) -> None:
    """Wrong values are refused with the value's name and what it should be."""
    done = helm("template", {**LEAST, **values})
    assert done.returncode != 0
    assert sentence in done.stderr
