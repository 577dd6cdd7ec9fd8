// A user's program, as C++: compiled against the installed library by install.sh.
#include <mpshm.h>

#include <iostream>

int main()
{
	std::cout << mpshm_version() << std::endl;
	return mpshm_error_detail()[0] == '\0' ? 0 : 1;
}
