#!/usr/bin/env bash
# Builds everything and passes all tests: format, static checks, unit and end-to-end tests. Arguments go to Maven.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
find_jdk25
maven verify "$@"
