#!/bin/sh
# What a user does: install, ask pkg-config, compile, link shared and static, run.
set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:?run by make check}" "${PKG_CONFIG:=pkg-config}" "${SAN_CFLAGS:=}"
tmp=$abs_top_builddir/tests/install/tmp
root=$tmp/root
rm -rf "$tmp"
mkdir -p "$root" || exit 99

fail()
{
  echo "install: $*"
  exit 1
}

# The build's own make must not think that it is still the outer one.
unset MAKEFLAGS MFLAGS MAKELEVEL GNUMAKEFLAGS 2>/dev/null
(cd "$abs_top_builddir" && "$MAKE_PROGRAM" install DESTDIR="$root") >"$tmp/install.log" 2>&1 ||
  { tail -n 20 "$tmp/install.log"; fail "make install"; }

libdir=$root$MPSHM_LIBDIR
includedir=$root$MPSHM_INCLUDEDIR
[ -f "$includedir/mpshm.h" ] || fail "no mpshm.h in $includedir"
[ -f "$includedir/mpshm/base.h" ] || fail "no mpshm/base.h in $includedir"
[ -f "$libdir/pkgconfig/mpshm.pc" ] || fail "no mpshm.pc in $libdir/pkgconfig"

# The installed mpshm.pc, moved to where DESTDIR put the rest.
mkdir "$tmp/pc"
sed "s|^\([a-z_]*\)=/|\1=$root/|" "$libdir/pkgconfig/mpshm.pc" >"$tmp/pc/mpshm.pc"
PKG_CONFIG_PATH=$tmp/pc${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
version=$($PKG_CONFIG --modversion mpshm) || fail "pkg-config does not know mpshm"
[ "$version" = "$MPSHM_VERSION" ] || fail "pkg-config says $version, not $MPSHM_VERSION"
cflags=$($PKG_CONFIG --cflags mpshm) || fail "pkg-config --cflags"
shared=$($PKG_CONFIG --libs mpshm) || fail "pkg-config --libs"
static=$($PKG_CONFIG --static --libs mpshm) || fail "pkg-config --static --libs"

# run PROGRAM: it must print the version.
run()
{
  said=$(LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} "$1") || fail "$1 exits $?"
  [ "$said" = "$MPSHM_VERSION" ] || fail "$1 says $said, not $MPSHM_VERSION"
}

# build_and_run WHAT SOURCE COMPILER-AND-FLAGS... with libraries in $libs
build_and_run()
{
  what=$1 source=$2
  shift 2
  # shellcheck disable=SC2086 # several words each
  "$@" -Wall -Wextra -Werror $SAN_CFLAGS $cflags -o "$tmp/$what" "$here/$source" $libs || fail "$what: does not build"
  run "$tmp/$what"
  echo "install: $what: builds and runs"
}

if [ -e "$libdir/libmpshm.so" ]; then
  libs=$shared
  # shellcheck disable=SC2086
  build_and_run use-c-shared use.c $CC -std=c11
  # shellcheck disable=SC2086
  build_and_run use-cxx-shared use_cxx.cc $CXX -std=c++17
fi
if [ -e "$libdir/libmpshm.a" ]; then
  # Only the archive in sight, so that -lmpshm means it.
  mkdir "$tmp/archive"
  cp "$libdir/libmpshm.a" "$tmp/archive/"
  libs=$(echo "$static" | sed "s|-L$libdir|-L$tmp/archive|")
  # shellcheck disable=SC2086
  build_and_run use-c-static use.c $CC -std=c11
  # shellcheck disable=SC2086
  build_and_run use-cxx-static use_cxx.cc $CXX -std=c++17
  if command -v ldd >/dev/null 2>&1 && ldd "$tmp/use-c-static" | grep -q libmpshm; then
    fail "use-c-static needs the shared library"
  fi
fi
rm -rf "$tmp"
