/* SPDX-License-Identifier: BSD-2-Clause */
/* Boost's interprocess::message_queue. */
#include "channel_loops.h"
#include "cost.h"

#ifdef HAVE_BOOST
#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <boost/interprocess/ipc/message_queue.hpp>
#include <new>
#include <string>

namespace
{

namespace ipc = boost::interprocess;

std::string name_of(const struct stage *stage, unsigned end)
{
	return std::string(stage->own.name) + "." + stage_end_name(end);
}

void queue_remove(struct stage *stage, const struct row *row)
{
	for (unsigned i = 0; i < row_ends(row); i++)
		ipc::message_queue::remove(name_of(stage, i).c_str());
}

int queue_create(struct stage *stage, const struct row *row)
{
	size_t bytes = row_message_bytes(row);

	queue_remove(stage, row);
	try {
		for (unsigned i = 0; i < row_ends(row); i++)
			ipc::message_queue(ipc::create_only, name_of(stage, i).c_str(),
			                   channel_capacity(row), bytes);
	} catch (const ipc::interprocess_exception &) {
		return -EIO;
	}
	return 0;
}

int queue_attach(struct worker *worker)
{
	try {
		for (unsigned i = 0; i < row_ends(worker->row); i++)
			worker->end[i] = new ipc::message_queue(ipc::open_only,
			                                        name_of(worker->stage, i).c_str());
	} catch (const ipc::interprocess_exception &) {
		return -EIO;
	}
	return 0;
}

int queue_send(void *channel, const void *message, size_t bytes)
{
	try {
		static_cast<ipc::message_queue *>(channel)->send(message, bytes, 0);
	} catch (const ipc::interprocess_exception &) {
		return -EIO;
	}
	return 0;
}

int queue_receive(void *channel, void *buffer, size_t bytes)
{
	ipc::message_queue::size_type got;
	unsigned priority;

	try {
		static_cast<ipc::message_queue *>(channel)->receive(buffer, bytes, got, priority);
	} catch (const ipc::interprocess_exception &) {
		return -EIO;
	}
	return 0;
}

int queue_wait(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	namespace times = boost::posix_time;
	ipc::message_queue::size_type got;
	unsigned priority;
	auto until =
		times::microsec_clock::universal_time() + times::microseconds(timeout_ns / 1000);

	return static_cast<ipc::message_queue *>(channel)->timed_receive(buffer, bytes, got,
	                                                                 priority, until)
	               ? -EBADMSG
	               : 0;
}

constexpr channel_calls queue_calls = {queue_send, queue_receive, queue_wait};
CHANNEL_RUNS(queue)
CHANNEL_RUN_READ(queue)
CHANNEL_RUN_CROWD(queue)
CHANNEL_RUN_PACED(queue)

int queue_try(void *channel, void *buffer, size_t bytes)
{
	ipc::message_queue::size_type got;
	unsigned priority;

	try {
		return static_cast<ipc::message_queue *>(channel)->try_receive(buffer, bytes, got,
		                                                               priority)
		               ? 0
		               : -EAGAIN;
	} catch (const ipc::interprocess_exception &) {
		return -EIO;
	}
}

CHANNEL_RUN_PACED_SPIN(queue, queue_try)

/* The worker has it open too. */
int open_and_close(struct worker *worker, unsigned times)
{
	try {
		for (; times > 0; times--)
			ipc::message_queue(ipc::open_only, name_of(worker->stage, 0).c_str());
	} catch (const ipc::interprocess_exception &) {
		return -EIO;
	}
	return 0;
}

void queue_attach_run(struct worker *worker, int64_t duration_ns)
{
	cost_run(worker, duration_ns, open_and_close, 1);
}

struct peer make_peer()
{
	struct peer peer = {};

	peer.name = "boost message_queue";
	peer.create = queue_create;
	peer.remove = queue_remove;
	peer.attach = queue_attach;
	peer.run[SHAPE_STREAM] = queue_stream;
	peer.run[SHAPE_STREAM_LONG] = queue_stream_long;
	peer.run[SHAPE_TRIP] = queue_trip;
	peer.run[SHAPE_STREAM_READ] = queue_read;
	peer.run[SHAPE_STREAM_CROWD] = queue_crowd;
	peer.run[SHAPE_PACED] = queue_paced;
	peer.run[SHAPE_PACED_SPIN] = queue_paced_spin;
	peer.run[SHAPE_IDLE] = queue_idle;
	peer.run[SHAPE_ATTACH] = queue_attach_run;
	return peer;
}

} // namespace

const struct peer peer_boost_queue = make_peer();
#else
static struct peer make_missing()
{
	struct peer peer = {};

	peer.name = "boost message_queue";
	peer.missing = "compiled without Boost";
	return peer;
}

const struct peer peer_boost_queue = make_missing();
#endif
