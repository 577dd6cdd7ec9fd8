/* A user's program, as C: compiled against the installed library by install.sh. */
#include <mpshm.h>

#include <stdio.h>

int main(void)
{
	puts(mpshm_version());
	return mpshm_error_detail()[0] == '\0' ? 0 : 1;
}
