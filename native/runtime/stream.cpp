#include "runtime/stream.h"

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "runtime/priority.h"
#include "runtime/spin.h"

namespace vitrine {
namespace {
constexpr std::chrono::microseconds kSpin{50};
}

Stream::Stream(int threads) : context_(threads), thread_(StartThread()) {}

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
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  context_.Interrupt(true);
  work_.notify_one();
  thread_.join();
}

void Stream::Enqueue(std::shared_ptr<Command> command) {
  {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return enqueued_ - completed_ < kMaxPending; });
    queue_.push_back(std::move(command));
    ++enqueued_;
    has_work_.store(true, std::memory_order_release);
  }
  work_.notify_one();
}

void Stream::Synchronize() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return completed_ == enqueued_; });
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
  std::deque<std::shared_ptr<Command>> batch;
  while (!stop_) {
    SpinUntil(kSpin, [this] { return has_work_.load(std::memory_order_acquire) || stop_; });
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return !queue_.empty() || stop_; });
      std::swap(batch, queue_);
      has_work_.store(false, std::memory_order_relaxed);
    }
    for (; !batch.empty() && !stop_; batch.pop_front()) {
      RunOne(*batch.front());
      {
        // Under the lock, so that a waiter cannot miss it between its check and its sleep.
        std::lock_guard lock(mutex_);
        completed_.fetch_add(1, std::memory_order_release);
      }
      done_.notify_all();
    }
  }
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
