/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.hh"

#include "suite.h"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <mpshm.h>
#include <sys/utsname.h>

namespace
{

/* A line of /proc/cpuinfo, its value. */
std::string cpu_line(const std::string &key)
{
	std::ifstream file("/proc/cpuinfo");

	for (std::string line; std::getline(file, line);)
		if (line.compare(0, key.size(), key) == 0 && line.find(':') != std::string::npos)
			return line.substr(std::min(line.find(':') + 2, line.size()));
	return "";
}

} // namespace

struct machine machine_now()
{
	struct machine machine;
	struct utsname system = {};
	char date[32];
	time_t now = time(nullptr);
	struct tm utc;

	uname(&system);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	machine.date = date;
	machine.cpu = cpu_line("model name");
	machine.is_virtual = (cpu_line("flags") + " ").find(" hypervisor ") != std::string::npos;
	machine.architecture = system.machine;
	machine.kernel = std::string(system.sysname) + " " + system.release;
#ifdef __clang__
	machine.compiler = __VERSION__;
#else
	machine.compiler = std::string("gcc ") + __VERSION__;
#endif
	return machine;
}

std::vector<struct version> versions()
{
	return {
		{"mpshm", "mpshm", mpshm_version()},
		{"ck", "ck", version_ck()},
		{"dpdk", "DPDK", version_rte()},
		{"boost", "Boost", version_boost()},
		{"atomic_queue", "atomic_queue", version_atomic_queue()},
		{"readerwriterqueue", "readerwriterqueue", version_readerwriterqueue()},
		{"concurrentqueue", "concurrentqueue", version_concurrentqueue()},
		{"libqb", "libqb", version_qb()},
		{"zeromq", "ZeroMQ", version_zmq()},
		{"python", "Python", version_python()},
	};
}
