#!/usr/bin/env bash
# Brings the chart library of the console from npm into the tree: exactly this
# version, checked against exactly this hash. Run by `make vendor-console`; commit
# what it changes.
set -euo pipefail
cd "$(dirname "$0")"
name=uplot version=1.6.32
integrity=sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "$name@$version" >/dev/null
archive=$work/$name-$version.tgz
got=sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)
if [ "$got" != "$integrity" ]; then
  echo "vendor-console: $name@$version has integrity $got, want $integrity; nothing was changed" >&2
  exit 1
fi
tar -xzf "$archive" -C "$work"
out=assets/vendor/$name
rm -rf "$out"
mkdir -p "$out"
cp "$work/package/LICENSE" "$work/package/dist/uPlot.iife.min.js" "$work/package/dist/uPlot.min.css" "$out/"
printf '%s %s, from npm. Written by vendor.sh: do not edit.\nIntegrity %s\n' "$name" "$version" "$integrity" >"$out/VERSION"
echo "vendor-console: $name $version is in services/console/$out"
