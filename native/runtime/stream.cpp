#include "runtime/stream.h"

#include <exception>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "runtime/denormals.h"
#include "runtime/priority.h"
#include "runtime/spin.h"

namespace vitrine {
namespace {

constexpr std::chrono::microseconds kSpin{50};

// JavaScript takes 2 to 5 us to enqueue a command, and a small model's may run in less: whoever
// resumed the background whenever nothing ordinary is queued would put a command of it, often
// milliseconds long, between any two of an inference.
constexpr std::chrono::microseconds kLinger{20};

// Ordinary work that never ends leaves the background a share: after so long without a pause, the
// background has a turn of so long, one command at least.
constexpr std::chrono::milliseconds kLongestWait{40};
constexpr std::chrono::milliseconds kTurn{4};

}  // namespace

// Never destroyed: exit() calls StopAll() late.
struct Stream::Registry {
  std::mutex mutex;
  std::set<Stream*> streams;

  static Registry& Get() {
    static auto& registry = *new Registry;
    return registry;
  }
};

Stream::Stream(int threads) : context_(threads, [this] { GiveWay(); }), thread_(StartThread()) {
  Registry& registry = Registry::Get();
  std::lock_guard lock(registry.mutex);
  registry.streams.insert(this);
}

std::thread Stream::StartThread() {
  try {
    return std::thread([this] { Run(); });
  } catch (const std::system_error& error) {
    throw std::runtime_error(
        "Expected the system to start a thread for the stream but it did not (" +
        error.code().message() +
        "). Raise the limit on threads (`ulimit -u`, a container's pids) or on address space "
        "(`ulimit -v`).");
  }
}

Stream::~Stream() {
  Registry& registry = Registry::Get();
  std::lock_guard lock(registry.mutex);
  registry.streams.erase(this);
  Stop();
}

void Stream::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  context_.Interrupt(true);
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Stream::StopAll() {
  Registry& registry = Registry::Get();
  std::lock_guard lock(registry.mutex);
  for (Stream* stream : registry.streams) stream->Stop();
}

uint64_t Stream::Enqueue(std::shared_ptr<Command> command, Lane lane) {
  Queue& into = queue(lane);
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&into] { return into.enqueued - into.completed < kMaxPending; });
    into.waiting.push_back({std::move(command), ordinary_.enqueued});
    ++into.enqueued;
    into.has_work.store(true, std::memory_order_release);
  }
  work_.notify_one();
  return into.enqueued;
}

void Stream::Synchronize() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return Idle(); });
}

void Stream::Wait(Lane lane, uint64_t count) {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this, lane, count] { return completed(lane) >= count; });
}

std::optional<Fault> Stream::fault() const {
  std::lock_guard lock(mutex_);
  return fault_;
}

void Stream::Reset() {
  Synchronize();
  std::lock_guard lock(mutex_);
  fault_.reset();
}

void Stream::Abandon(Fault fault) {
  {
    std::lock_guard lock(mutex_);
    abandoned_ = std::move(fault);
  }
  context_.Interrupt(true);
  Synchronize();
  context_.Interrupt(false);
  std::lock_guard lock(mutex_);
  abandoned_.reset();
}

void Stream::Run() {
  StandBack();
  FlushDenormals();
  context_.PlaceLeader();
  while (!stop_) {
    RunOrdinary();
    if (Take(background_)) {
      RunBackground();
    } else if (!HasWork(ordinary_)) {
      AwaitWork();
    }
  }
}

// Runs what is ordinary until there is none left, or it is the background's turn.
void Stream::RunOrdinary() {
  std::optional<Clock::time_point> since;
  do {
    while (!stop_ && Take(ordinary_)) {
      if (BackgroundWaits()) {
        const Clock::time_point now = Clock::now();
        if (now < background_turn_) return;
        if (!since) since = now;
        if (now - *since >= kLongestWait) {
          background_turn_ = now + kTurn;
          return;
        }
      }
      RunNext(ordinary_);
    }
  } while (since && SpinUntil(kLinger, [this] { return HasWork(ordinary_) || stop_; }) && !stop_);
}

void Stream::RunBackground() {
  // All that it may depend on. They are there: they were enqueued before it.
  while (!stop_ && ordinary_.completed < background_.taken.front().after && Take(ordinary_)) {
    RunNext(ordinary_);
  }
  if (stop_) return;
  background_runs_ = may_give_way_ = true;
  RunNext(background_);
  background_runs_ = may_give_way_ = false;
}

// Called by the running command.
void Stream::GiveWay() {
  if (!may_give_way_ || !HasWork(ordinary_)) return;
  may_give_way_ = false;  // ordinary commands keep their order: those made of others, too
  RunOrdinary();
  may_give_way_ = true;
}

void Stream::AwaitWork() {
  auto awaited = [this] { return HasWork(ordinary_) || HasWork(background_) || stop_; };
  if (SpinUntil(kSpin, awaited)) return;
  std::unique_lock lock(mutex_);
  work_.wait(lock, awaited);
}

bool Stream::Take(Queue& queue) {
  if (!queue.taken.empty()) return true;
  if (!queue.has_work.load(std::memory_order_acquire)) return false;
  std::lock_guard lock(mutex_);
  std::swap(queue.taken, queue.waiting);
  queue.has_work.store(false, std::memory_order_relaxed);
  return true;
}

void Stream::RunNext(Queue& queue) {
  RunOne(*queue.taken.front().command);
  {
    // Under the lock, so that a waiter cannot miss it between its check and its sleep.
    std::lock_guard lock(mutex_);
    queue.completed.fetch_add(1, std::memory_order_release);
  }
  done_.notify_all();
  queue.taken.pop_front();
}

void Stream::RunOne(Command& command) {
  const bool may_be_dropped = !command.runs_when_poisoned();
  if (may_be_dropped && Poisoned()) return;
  try {
    context_.Run(command);
  } catch (...) {
    context_.Fail(SentenceOfException(command));
  }
  if (may_be_dropped && context_.interrupted()) Poisoned();
  if (auto fault = context_.TakeFault()) {
    std::lock_guard lock(mutex_);
    if (!fault_) fault_ = std::move(fault);
  }
}

std::string Stream::SentenceOfException(const Command& command) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return std::string("Expected scratch memory for ") + command.name() +
           " but the system had none left. Use a smaller batch.";
  } catch (const std::exception& error) {
    const std::string what = error.what();
    if (what.starts_with("Expected ")) return what;  // in our own words already
    return std::string("Expected ") + command.name() + " to run but it failed: " + what + ".";
  } catch (...) {
    return std::string("Expected ") + command.name() + " to run but it failed.";
  }
}

bool Stream::Poisoned() {
  std::lock_guard lock(mutex_);
  if (!fault_) fault_ = abandoned_;
  return fault_.has_value();
}

}  // namespace vitrine
