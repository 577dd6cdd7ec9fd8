#!/bin/sh
# usage: sub-build.sh asan|ubsan|tsan|clang   (make check-asan and so on)
# Configures a build of its own in $build_dir/NAME, once, and runs the unit tests there.
set -eu
: "${top_srcdir:?}" "${build_dir:?}" "${MAKE:=make}"
kind=$1
dir=$build_dir/$kind

if [ -e "$top_srcdir/config.status" ]; then
  echo "check-$kind: the source tree itself is configured; make distclean there, and build in a folder of its own" >&2
  exit 1
fi

# clang where it is, else gcc.
if command -v clang >/dev/null 2>&1 && command -v clang++ >/dev/null 2>&1; then
  cc=clang cxx=clang++
else
  cc=gcc cxx=g++
fi
cc=${SUB_CC:-$cc} cxx=${SUB_CXX:-$cxx}

options="--enable-werror --disable-bench --disable-shared"
case $kind in
  asan) options="$options --enable-asan" ;;
  ubsan) options="$options --enable-ubsan" ;;
  tsan) options="$options --enable-tsan" ;;
  clang)
    options="--enable-werror --disable-bench"
    if [ "$cc" != clang ] && [ -z "${SUB_CC:-}" ]; then
      echo "check-clang: no clang" >&2
      exit 1
    fi
    ;;
  *)
    echo "sub-build.sh: asan, ubsan, tsan or clang, not $kind" >&2
    exit 2
    ;;
esac

mkdir -p "$dir"
cd "$dir"
wanted="$cc $cxx $options"
if [ ! -e Makefile ] || [ "$(cat configured 2>/dev/null)" != "$wanted" ]; then
  echo "check-$kind: configure in $dir with $cc"
  # shellcheck disable=SC2086 # several words
  "$top_srcdir/configure" -q CC="$cc" CXX="$cxx" CFLAGS="-O1 -g" $options >configure.log 2>&1 ||
    { tail -n 5 configure.log >&2; exit 1; }
  echo "$wanted" >configured
fi
if [ "$kind" = clang ]; then
  "$MAKE" all tests/unit/mpshm-unit
else
  "$MAKE" tests/unit/mpshm-unit
fi

# Older sanitizers trip over the kernel's wide address-space randomization.
steady=
if [ "$kind" != clang ] && setarch "$(uname -m)" -R true 2>/dev/null; then
  steady="setarch $(uname -m) -R"
fi
export CK_TIMEOUT_MULTIPLIER="${CK_TIMEOUT_MULTIPLIER:-10}"
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}"
export TSAN_OPTIONS="${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}"
# shellcheck disable=SC2086 # a command or nothing
exec $steady tests/unit/mpshm-unit
