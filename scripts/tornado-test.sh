#!/usr/bin/env bash
# Runs the tests of the device kernels on TornadoVM itself: scripts/tornado-test.sh ptx|opencl [options of Maven]. Needs its SDK
# 5.2.0-jdk25 in TORNADOVM_HOME, and tornado-api of that version where Maven finds it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in
  ptx | opencl) ;;
  *) printf 'usage: %s ptx|opencl [options of Maven]\n' "$0" >&2 && exit 2 ;;
esac
backend=$1
shift
find_jdk25
[ -r "${TORNADOVM_HOME:-}/tornado-argfile" ] || die "set TORNADOVM_HOME to the folder of TornadoVM's SDK 5.2.0-jdk25
(it is '${TORNADOVM_HOME:-}', where no file tornado-argfile can be read)."
# One execution of Surefire: its other ones are for vectors of other widths.
maven -Ptornadovm -pl tornado-kernels,model -am test-compile surefire:test@default-test -Dtest='Tornado*Test' \
  -Dsurefire.failIfNoSpecifiedTests=false -Dlonginfer.tornado.device="$backend" "$@"
