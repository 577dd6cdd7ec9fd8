# MPSHM_CC_FLAGS(VARIABLE, FLAGS)
# Appends to VARIABLE those of FLAGS that the C compiler takes without a word.
AC_DEFUN([MPSHM_CC_FLAGS], [
  AC_LANG_PUSH([C])
  mpshm_saved_CFLAGS=$CFLAGS
  for mpshm_flag in $2; do
    AC_MSG_CHECKING([whether $CC takes $mpshm_flag])
    CFLAGS="$mpshm_saved_CFLAGS -Werror $mpshm_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes])
       AS_VAR_APPEND([$1], [" $mpshm_flag"])],
      [AC_MSG_RESULT([no])])
  done
  CFLAGS=$mpshm_saved_CFLAGS
  AC_LANG_POP([C])
])

# MPSHM_LD_FLAGS(VARIABLE, FLAGS): the same for the linker.
AC_DEFUN([MPSHM_LD_FLAGS], [
  AC_LANG_PUSH([C])
  mpshm_saved_LDFLAGS=$LDFLAGS
  for mpshm_flag in $2; do
    AC_MSG_CHECKING([whether $CC links with $mpshm_flag])
    LDFLAGS="$mpshm_saved_LDFLAGS $mpshm_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes])
       AS_VAR_APPEND([$1], [" $mpshm_flag"])],
      [AC_MSG_RESULT([no])])
  done
  LDFLAGS=$mpshm_saved_LDFLAGS
  AC_LANG_POP([C])
])

# MPSHM_PEER_MODULE(PREFIX, MODULE, NAME)
# NAME, a library that the benchmarks compare with: HAVE_PREFIX, PREFIX_CFLAGS, PREFIX_LIBS.
AC_DEFUN([MPSHM_PEER_MODULE], [
  PKG_CHECK_MODULES([$1], [$2],
    [# As system headers, which may do what our warnings forbid.
     $1_CFLAGS=`AS_ECHO([" $$1_CFLAGS"]) | $SED 's/ -I/ -isystem /g'`
     AC_DEFINE([HAVE_$1], [1], [Define to 1 if $3 is there, to compare with.])
     AS_VAR_APPEND([bench_peers], [", $3"])],
    [$1_CFLAGS=
     $1_LIBS=
     AC_MSG_NOTICE([no $3: the benchmarks leave it out])])
])

# MPSHM_PEER_HEADERS(PREFIX, HEADERS, NAME)
# The same for one that is all headers, in C++: HAVE_PREFIX.
AC_DEFUN([MPSHM_PEER_HEADERS], [
  AC_LANG_PUSH([C++])
  mpshm_there=yes
  for mpshm_header in $2; do
    AC_CHECK_HEADER([$mpshm_header], [], [mpshm_there=no])
  done
  AC_LANG_POP([C++])
  AS_IF([test "x$mpshm_there" = xyes],
    [AC_DEFINE([HAVE_$1], [1], [Define to 1 if $3 is there, to compare with.])
     AS_VAR_APPEND([bench_peers], [", $3"])],
    [AC_MSG_NOTICE([no $3: the benchmarks leave it out])])
])
