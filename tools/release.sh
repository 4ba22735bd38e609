#!/usr/bin/env bash
# Builds a release into dist/, and checks it: both packages as wheel and sdist, on every Python version installed; the
# image, if there's a container engine; the chart, if Helm is installed. Says what was skipped, and why.
set -euo pipefail

uv="$1" engine="$2"
version="$(sed -nE 's/^version = "(.*)"$/\1/p' pyproject.toml)"
pythons=(3.11 3.12 3.13)
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
skipped=()
skip() {
    skipped+=("$1")
    echo "Skipped $1." >&2
}

[[ -z "$(git status --porcelain 2>/dev/null)" ]] || echo "Uncommitted changes are built too: don't release this." >&2
grep -qE "^## \[${version//./\\.}\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md ||
    echo "CHANGELOG.md has no dated section for $version yet." >&2

echo "--- packages"
rm -rf dist
for package in . sandbox; do
    "$uv" build --quiet --sdist --wheel --out-dir dist --build-constraints requirements/build.txt --require-hashes "$package"
done
"$uv" venv --quiet "$work/twine"
"$uv" pip sync --quiet --python "$work/twine/bin/python" --require-hashes requirements/release.txt
"$work/twine/bin/twine" check --strict dist/*.whl dist/*.tar.gz

check_wheel() { # version and path of the interpreter
    local there="$work/venv-$1" sample=tests/data/dbt/03-run-model-error.stdout.txt
    "$uv" venv --quiet --python "$2" "$there"
    "$uv" pip sync --quiet --python "$there/bin/python" --require-hashes requirements/run-charts.txt
    "$uv" pip install --quiet --python "$there/bin/python" --no-deps "dist/bolt_bot-$version-py3-none-any.whl"
    "$uv" pip check --quiet --python "$there/bin/python"
    # Run in another folder: here, this folder's code would be imported instead.
    local printed
    printed="$(cd "$work" && "$there/bin/bolt-bot" --version)"
    [[ "${printed%% *}" == "$version" ]] || { echo "bolt-bot --version says $printed instead of $version" >&2 && exit 1; }
    cp "$sample" "$work/out.txt"
    (cd "$work" && "$there/bin/bolt-bot" read-log --stdout out.txt --exit 1) | grep -q fct_revenue
    (cd "$work" && "$there/bin/bolt-bot" manifest >/dev/null)
    "$there/bin/python" --version
}
# Finds a Python on PATH, or else one of pyenv's, whose commands on PATH work only for the versions in use.
find_python() {
    local one
    for one in "$(command -v "python$1")" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1."*/bin/python; do
        if [[ -x "$one" ]] && "$one" --version >/dev/null 2>&1; then
            echo "$one" && return
        fi
    done
    return 1
}
for python in "${pythons[@]}"; do
    if found="$(find_python "$python")"; then
        check_wheel "$python" "$found"
    else
        skip "the checks on Python $python, because this machine doesn't have it"
    fi
done

echo "--- image"
if "$engine" info >/dev/null 2>&1; then
    make --no-print-directory image ENGINE="$engine"
    make --no-print-directory image ENGINE="$engine" CHARTS=no
else
    skip "the image, because $engine isn't installed or its service isn't running"
fi

echo "--- chart"
helm="$(command -v .deploy/helm || command -v helm || true)"
if [[ -n "$helm" ]]; then
    "$helm" package --destination dist deploy/helm/bolt-bot
else
    skip "the chart, because there's no helm on PATH and make deploy-check hasn't fetched one"
fi

echo "--- in dist/"
(cd dist && sha256sum -- *.whl *.tar.gz *.tgz 2>/dev/null) || true
echo "$version is built; ${#skipped[@]} skipped."
