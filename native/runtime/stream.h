#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "runtime/command.h"
#include "runtime/context.h"
#include "runtime/lane.h"

namespace vitrine {

// Commands in two lanes, each first in, first out, and the thread that runs them, leader of its own
// thread pool.
//
// One thread, the owner, enqueues. A command that fails poisons the stream: the commands behind it
// are skipped in both lanes, except those that run when poisoned, until Reset(). A command of the
// background that is under way meanwhile runs to its end.
//
// What is ordinary goes first: before each command of the background, and before each part of one
// that is made of others (Context::GiveWay). Yet results are those of one queue, whatever the
// timing, as long as the owner keeps one rule: a command that uses memory which a command of the
// background that may not have run yet writes, or that writes what one uses, goes to the background
// itself (BackgroundUse). For of two commands that share memory which one of them writes,
//   - those of one lane run in the order of that lane, which is the order of the calls;
//   - an ordinary one and a later one of the background do, because a command of the background
//     waits for all that was ordinary when it was enqueued;
//   - one of the background and a later ordinary one do not meet: by the rule, the first has run.
// So what is ordinary never waits for the background, and nobody waits in a circle.
class Stream {
 public:
  explicit Stream(int threads);
  // Finishes the running command, drops the rest, and joins.
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Appends a command and gives its number in its lane, from 1. Blocks only when kMaxPending
  // commands wait in the lane already, a bound on memory for loops that never read.
  uint64_t Enqueue(std::shared_ptr<Command> command, Lane lane = Lane::kOrdinary);

  // Blocks until all that was enqueued has run.
  void Synchronize();
  // Blocks until the first `count` commands of a lane have run.
  void Wait(Lane lane, uint64_t count);

  // How many commands were enqueued to a lane; for the owner.
  uint64_t enqueued(Lane lane) const { return queue(lane).enqueued; }
  // How many of a lane's commands have run; what they wrote may be read.
  uint64_t completed(Lane lane) const {
    return queue(lane).completed.load(std::memory_order_acquire);
  }
  // True when none of a lane's commands is queued or running: the owner may then touch storages
  // that no command of the other lane uses.
  bool Idle(Lane lane) const { return completed(lane) == enqueued(lane); }
  bool Idle() const { return Idle(Lane::kOrdinary) && Idle(Lane::kBackground); }

  // The fault that poisons the stream, if one does. Any thread.
  std::optional<Fault> fault() const;

  // Skips what is queued and ends the running command early if it can; blocks until then. Poisons a
  // stream from which something was dropped.
  void Abandon(Fault fault);

  // Makes a poisoned stream usable again, once the commands enqueued so far are behind it.
  void Reset();

  // Threads that the pool began with: fewer than asked for if the system gave no more.
  int threads_at_start() const { return threads_at_start_; }

  // Ends the threads of all streams once their running commands are done, for a process that is
  // about to take apart what commands use. Commands that are enqueued later never run.
  static void StopAll();

  static constexpr uint64_t kMaxPending = 1 << 16;

 private:
  struct Registry;

  using Clock = std::chrono::steady_clock;

  struct Entry {
    std::shared_ptr<Command> command;
    uint64_t after;  // how many ordinary commands were enqueued before it
  };

  struct Queue {
    uint64_t enqueued = 0;  // by the owner
    std::atomic<uint64_t> completed{0};
    std::atomic<bool> has_work{false};
    std::deque<Entry> waiting;  // under mutex_
    std::deque<Entry> taken;    // the stream's thread's own
  };

  const Queue& queue(Lane lane) const { return lane == Lane::kOrdinary ? ordinary_ : background_; }
  Queue& queue(Lane lane) { return lane == Lane::kOrdinary ? ordinary_ : background_; }

  std::thread StartThread();
  void Stop();
  void Run();
  void RunOrdinary();
  void RunBackground();
  void GiveWay();
  // The rest is the stream's thread's, too.
  bool HasWork(const Queue& queue) const {
    return !queue.taken.empty() || queue.has_work.load(std::memory_order_acquire);
  }
  bool BackgroundWaits() const { return background_runs_ || HasWork(background_); }
  void AwaitWork();
  // Whether there is a command in queue.taken, to which it moves those that wait.
  bool Take(Queue& queue);
  // Runs the first command of queue.taken.
  void RunNext(Queue& queue);
  void RunOne(Command& command);
  // Says what the exception that is being handled has to do with the command.
  static std::string SentenceOfException(const Command& command);
  // Whether commands are to be skipped. The first one skipped poisons an abandoned stream.
  bool Poisoned();

  Queue ordinary_;
  Queue background_;
  bool background_runs_ = false;       // a command of the background has begun and not ended
  bool may_give_way_ = false;          // and is what runs now
  Clock::time_point background_turn_;  // until when the background need not give way
  std::atomic<bool> stop_{false};

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::optional<Fault> fault_;
  std::optional<Fault> abandoned_;

  Context context_;
  const int threads_at_start_ = context_.threads();
  std::thread thread_;
};

}  // namespace vitrine
