#include "binding/environment.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "runtime/cpu.h"

namespace vitrine::binding {
namespace {

// V8 is told of memory in steps of this many bytes, and between turns of the event loop: told of
// more inside a training step, which lets go of it again, it collects garbage for 5 to 10 ms a
// telling (measured: 13 ms a step of ViT-Ti/16), and finalizers, which are what the telling is for,
// run between turns only.
constexpr int64_t kTellStep = 16 << 20;

int DefaultThreads() {
  const char* wanted = std::getenv("VITRINE_THREADS");
  if (wanted == nullptr || *wanted == '\0') return UsableCpus();
  char* end = nullptr;
  const long threads = std::strtol(wanted, &end, 10);
  if (*end != '\0' || threads < 1 || threads > 1024) {
    throw std::runtime_error(
        std::string("Expected a whole number from 1 to 1024 for VITRINE_THREADS but received '") +
        wanted + "'. Unset it to use all CPUs.");
  }
  return static_cast<int>(threads);
}

class SetThreadsCommand final : public Command {
 public:
  SetThreadsCommand(int threads, std::atomic<Environment::Shortage>& shortage)
      : threads_(threads), shortage_(shortage) {}
  const char* name() const override { return "setThreads"; }
  bool runs_when_poisoned() const override { return true; }
  void Run(Context& context) override {
    context.SetThreads(threads_);
    context.PlaceLeader();
    if (context.threads() < threads_) shortage_ = {threads_, context.threads()};
  }

 private:
  int threads_;
  std::atomic<Environment::Shortage>& shortage_;
};

}  // namespace

// What a fence holds until it is settled: the callback, the array that is read into, and then the
// fault.
struct Environment::PendingFence {
  Napi::FunctionReference done;
  Napi::Reference<Napi::Value> keep_alive;
  std::optional<Fault> fault;
};

namespace {

// Copies, and reports to the JavaScript thread that the stream has come this far.
template <class Pending, class Settle>
class FenceCommand final : public Command {
 public:
  FenceCommand(const Stream& stream, Access access, std::function<void(Context&)> copy,
               Pending* pending, Settle settle)
      : stream_(stream),
        writes_(access == Access::kWrite),
        copy_(std::move(copy)),
        pending_(pending),
        settle_(settle) {}
  const char* name() const override { return writes_ ? "write" : "fence"; }
  bool runs_when_poisoned() const override { return true; }
  void Run(Context& context) override {
    pending_->fault = stream_.fault();
    // Whether the caller has heard of a fault already must not decide what the tensor holds after a
    // reset.
    if (copy_ && (writes_ || !pending_->fault)) copy_(context);
    const napi_status status = settle_.NonBlockingCall(pending_);
    // An environment that is being torn down waits for nothing any more.
    if (status != napi_ok && status != napi_closing) {
      context.Fail("Expected Node.js to take the news that a read is done but it gave status " +
                   std::to_string(status) + ".");
    }
  }

 private:
  const Stream& stream_;
  bool writes_;
  std::function<void(Context&)> copy_;
  Pending* pending_;
  Settle settle_;
};

}  // namespace

Environment::Environment(Napi::Env env)
    : env_(env), allocator_(MemoryForStorages()), threads_((ActiveIsa(), DefaultThreads())) {
  settle_ = SettleFunction::New(env, "vitrine", 0, 1, this);
  settle_.Unref(env);
  stream_ = std::make_unique<Stream>(threads_);
  if (stream_->threads_at_start() < threads_) shortage_ = {threads_, stream_->threads_at_start()};
  // Node.js deletes settle_ before it deletes this, whoever may still call it; the stream must be
  // gone by then. Hooks run latest first, so this one before that.
  env.AddCleanupHook([this] { stream_.reset(); });
}

Environment::~Environment() {
  if (capture_) allocator_.Dissolve(capture_->pool);
  for (auto& [number, graph] : graphs_) allocator_.Dissolve(graph->pool);
  for (Slot& slot : slots_) {
    if (slot.references > 0) allocator_.Free(slot.block);
  }
}

Environment::Slot* Environment::Find(Handle handle) {
  const int64_t index = numbers_.Find(handle);
  if (index == 0 || slots_[index].references == 0) return nullptr;
  return &slots_[index];
}

Environment::Slot& Environment::SlotOf(Handle handle) {
  if (Slot* slot = Find(handle)) return *slot;
  throw Napi::Error::New(
      env_,
      "Expected a live storage but received a released one. Keep the tensor until its last use.");
}

Handle Environment::Allocate(size_t bytes) {
  const Handle handle = numbers_.Take();
  if (handle == 0) {
    throw Napi::Error::New(env_, "Expected at most " + std::to_string(Numbers::kMaxSlots) +
                                     " tensors at a time but received one more. Dispose of those "
                                     "that are no longer needed.");
  }
  const int64_t index = Numbers::SlotOf(handle);
  if (index >= static_cast<int64_t>(slots_.size())) slots_.resize(index + 1);
  const bool any = lane_ == Lane::kBackground || stream_->Idle(Lane::kBackground);
  const Block block = allocator_.Allocate(
      bytes, [this] { stream_->Synchronize(); }, CapturePool(),
      any ? Allocator::kAll : stream_->completed(Lane::kBackground));
  if (block.data == nullptr) {
    numbers_.GiveBack(handle);
    return 0;
  }
  Slot& slot = slots_[index];
  slot.block = block;
  slot.references = 1;
  // By commands of whoever had the memory before.
  slot.touched_by = stream_->enqueued(Lane::kOrdinary);
  slot.background = {block.background_use, block.background_use};
  // What the slot held before may have been captured already.
  slot.captured_by = slot.captured_write_by = 0;
  ++used_slots_;
  CountForV8(static_cast<int64_t>(bytes));
  return handle;
}

void Environment::Retain(Handle handle) { ++SlotOf(handle).references; }

void Environment::Release(Handle handle) {
  Slot& slot = SlotOf(handle);
  if (--slot.references > 0) return;
  slot.block.background_use = slot.background.any;
  allocator_.Free(slot.block, CapturePool());
  numbers_.GiveBack(handle);
  --used_slots_;
  CountForV8(-static_cast<int64_t>(slot.block.bytes));
}

const Block* Environment::Settled(Handle handle) {
  const Slot& slot = SlotOf(handle);
  const uint64_t last = std::min(slot.touched_by, stream_->enqueued(Lane::kOrdinary));
  const bool settled =
      stream_->completed(Lane::kOrdinary) >= std::max(last, last_replay_) &&
      !slot.background.HoldsUp(Access::kWrite, stream_->completed(Lane::kBackground)) && !capture_;
  return settled && !stream_->fault() ? &slot.block : nullptr;
}

int64_t Environment::WritesOf(Handle handle) {
  const Slot& slot = SlotOf(handle);
  const std::shared_ptr<Graph>& under_way = paused_ ? paused_ : capture_;
  return under_way && slot.captured_write_by == captures_ ? -1 : slot.writes;
}

void Environment::AwaitWriters(Handle handle) {
  // Where the background has yet to write, whatever is to write after that stands there, too.
  const BackgroundUse& background = SlotOf(handle).background;
  if (background.HoldsUp(Access::kRead, stream_->completed(Lane::kBackground)))
    return stream_->Wait(Lane::kBackground, background.write);
  stream_->Wait(Lane::kOrdinary, stream_->enqueued(Lane::kOrdinary));
}

void Environment::SetThreads(int threads) {
  threads_ = threads;
  stream_->Enqueue(std::make_shared<SetThreadsCommand>(threads, shortage_));
}

std::shared_ptr<Command> Environment::MakeFence(Access access, std::function<void(Context&)> copy,
                                                Napi::Function done, Napi::Value keep_alive) {
  auto owned = std::make_unique<PendingFence>(
      PendingFence{Napi::Persistent(done), Napi::Reference<Napi::Value>::New(keep_alive, 1), {}});
  PendingFence* pending = owned.get();
  if (pending_fences_.empty()) settle_.Ref(env_);
  pending_fences_.emplace(pending, std::move(owned));
  return std::make_shared<FenceCommand<PendingFence, SettleFunction>>(
      *stream_, access, std::move(copy), pending, settle_);
}

void Environment::Fence(Napi::Function done) {
  EnqueueBehindAll(MakeFence(Access::kRead, {}, done, done));
}

void Environment::Copy(Access access, std::function<void(Context&)> copy, Napi::Function done,
                       Napi::Value keep_alive) {
  Submit(MakeFence(access, std::move(copy), done, keep_alive), LaneOfCommand());
}

void Environment::Settle(Napi::Env env, Napi::Function, Environment* self, PendingFence* pending) {
  if (env == nullptr) return;  // the environment is being torn down, and what is pending with it
  if (pending == nullptr) return self->TellV8();
  const std::unique_ptr<PendingFence> fence =
      std::move(self->pending_fences_.extract(pending).mapped());
  if (self->pending_fences_.empty()) self->settle_.Unref(env);
  if (fence->fault) {
    fence->done.Call({Napi::String::New(env, fence->fault->message),
                      Napi::Number::New(env, fence->fault->site)});
  } else {
    fence->done.Call({});
  }
}

void Environment::CountForV8(int64_t bytes) {
  untold_bytes_ += bytes;
  if (std::abs(untold_bytes_) < kTellStep || will_tell_) return;
  will_tell_ = true;
  settle_.NonBlockingCall(nullptr);
}

void Environment::TellV8() {
  will_tell_ = false;
  if (std::abs(untold_bytes_) < kTellStep) return;
  Napi::MemoryManagement::AdjustExternalMemory(env_, untold_bytes_);
  untold_bytes_ = 0;
}

}  // namespace vitrine::binding
