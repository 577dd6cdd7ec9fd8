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
