#pragma once

#include <atomic>
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

namespace vitrine {

// A first-in-first-out queue of commands and the thread that runs them, leader of its own thread
// pool.
//
// One thread, the owner, enqueues. A command that fails poisons the stream: the commands behind it
// are skipped, except those that run when poisoned, until Reset().
class Stream {
 public:
  explicit Stream(int threads);
  // Finishes the running command, drops the rest, and joins.
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Appends a command. Blocks only when kMaxPending commands wait already, a bound on memory for
  // loops that never read.
  void Enqueue(std::shared_ptr<Command> command);

  // Blocks until all that was enqueued has run.
  void Synchronize();

  // True when nothing is queued or running: the owner may then touch storages directly.
  bool Idle() const { return completed_.load(std::memory_order_acquire) == enqueued_; }

  // How many commands were enqueued, and how many of them are done.
  uint64_t enqueued() const { return enqueued_; }
  uint64_t completed() const { return completed_.load(std::memory_order_acquire); }

  // The fault that poisons the stream, if one does. Any thread.
  std::optional<Fault> fault() const;

  // Skips what is queued and ends the running command early if it can; blocks until then. Poisons a
  // stream from which something was dropped.
  void Abandon(Fault fault);

  // Makes a poisoned stream usable again, once the commands enqueued so far are behind it.
  void Reset();

  // Threads that the pool began with: fewer than asked for if the system gave no more.
  int threads_at_start() const { return threads_at_start_; }

  static constexpr uint64_t kMaxPending = 1 << 16;

 private:
  std::thread StartThread();
  void Run();
  void RunOne(Command& command);
  // Says what the exception that is being handled has to do with the command.
  static std::string SentenceOfException(const Command& command);
  // Whether commands are to be skipped. The first one skipped poisons an abandoned stream.
  bool Poisoned();

  uint64_t enqueued_ = 0;  // by the owner
  std::atomic<uint64_t> completed_{0};
  std::atomic<bool> has_work_{false};
  std::atomic<bool> stop_{false};

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::deque<std::shared_ptr<Command>> queue_;
  std::optional<Fault> fault_;
  std::optional<Fault> abandoned_;

  Context context_;
  const int threads_at_start_ = context_.threads();
  std::thread thread_;
};

}  // namespace vitrine
