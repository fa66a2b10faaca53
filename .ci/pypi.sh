# Sourced by .ci/workflows and .ci/spelling: programs from PyPI.

# `from_pypi PACKAGE PROGRAM` installs a program into an environment of its own, which is kept, and
# sets $program. Fails where it cannot be had. What could not be had is not asked for again.
from_pypi() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/guarded-callback-tools/$1
  program=$cache/venv/bin/$2
  [ ! -x "$program" ] || return 0
  [ ! -e "$cache/unavailable" ] || return 1
  rm -rf "$cache/venv"; mkdir -p "$cache"
  if python3 -m venv "$cache/venv" && "$cache/venv/bin/pip" install --quiet "$1"; then return; fi \
    >/dev/null 2>&1
  rm -rf "$cache/venv"; touch "$cache/unavailable"; return 1
}
