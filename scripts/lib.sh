# Shared by the scripts: finds what they need, or says what is missing. Source it, do not run it.

repo_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Prints the major version of the JDK in $1, or nothing. Its file "release" says it sooner than a JVM starts.
jdk_major() {
  [ -x "$1/bin/javac" ] || return 0
  if [ -r "$1/release" ]; then
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
    return
  fi
  "$1/bin/javac" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p'
}

# Sets JAVA_HOME to a JDK 25: the one it names, else java's on the PATH, else one where systems put them.
find_jdk25() {
  local candidate on_path=""
  if command -v javac > /dev/null 2>&1; then
    on_path=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
  fi
  for candidate in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /opt/java/* /opt/jdk* \
    "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if [ -n "$candidate" ] && [ "$(jdk_major "$candidate")" = 25 ]; then
      export JAVA_HOME=$candidate
      return
    fi
  done
  die "no JDK 25 found (looked at JAVA_HOME, the PATH, /usr/lib/jvm, /opt, ~/.sdkman, ~/.jdks).
Install one, for example Eclipse Temurin 25, and set JAVA_HOME to its folder."
}

need() {
  command -v "$1" > /dev/null 2>&1 || die "'$1' is needed but not installed$2"
}

# Runs Maven in the repository with the JDK found.
maven() {
  need mvn ": install Apache Maven 3.8.6 or newer."
  (cd "$repo_root" && mvn --batch-mode --no-transfer-progress "$@")
}
