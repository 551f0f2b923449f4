#!/bin/sh
# Builds the studio into a temporary folder and compares it with the files that are committed.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --no-audit --no-fund
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
npx tsc --noEmit
STUDIO_OUT="$out" npx vite build --logLevel warn
if ! diff -r "$out" ../src/soundctm/server/static; then
  echo "src/soundctm/server/static differs from what studio/ builds; run: npm --prefix studio run build" >&2
  exit 1
fi
echo "the built studio matches its sources"
