#!/bin/sh
# A host that unloads a plugin, and the library with it, while threads that used it live on.
. "$(dirname "$0")/common.sh"
plugin=$build/tests/unload/.libs/plugin.so
library=$build/lib/.libs/libmpshm.so
[ -e "$plugin" ] && [ -e "$library" ] || { echo "$self: no shared libraries in this build"; exit 77; }

checks=1
LD_LIBRARY_PATH=$build/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH
bounded "$build/tests/unload/host" "$prefix" "$plugin" "$library" >"$tmp/out" 2>&1 ||
  fault "exits $?: $(cat "$tmp/out")"
checks=$((checks + 1))
[ "$(grep -c '^plugin_attach: the plugin is gone' "$tmp/out")" -eq 4 ] || fault "says: $(cat "$tmp/out")"

# It ended attached: that is a death like any other.
checks=$((checks + 1))
bounded "$build/tools/mpshm-stat" show "$prefix" >"$tmp/out"
grep -q '^participants .*: 0 alive, 1 dead' "$tmp/out" || fault "leaves: $(cat "$tmp/out")"
finish "what the library registered outlives its unloading"
