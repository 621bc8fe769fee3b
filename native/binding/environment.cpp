#include "binding/environment.h"

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
    if (context.threads() < threads_) shortage_ = {threads_, context.threads()};
  }

 private:
  int threads_;
  std::atomic<Environment::Shortage>& shortage_;
};

class ReplayCommand final : public Command {
 public:
  explicit ReplayCommand(std::shared_ptr<Graph> graph) : graph_(std::move(graph)) {}
  const char* name() const override { return "replay"; }
  void Run(Context& context) override {
    for (const auto& command : graph_->commands) {
      context.Run(*command);
      if (context.failed() || context.interrupted()) return;
    }
  }

 private:
  std::shared_ptr<Graph> graph_;
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

// Reports to the JavaScript thread that the stream has come this far.
template <class Pending, class Settle>
class FenceCommand final : public Command {
 public:
  FenceCommand(const Stream& stream, std::function<void()> copy, Pending* pending, Settle settle)
      : stream_(stream), copy_(std::move(copy)), pending_(pending), settle_(settle) {}
  const char* name() const override { return "fence"; }
  bool runs_when_poisoned() const override { return true; }
  void Run(Context& context) override {
    pending_->fault = stream_.fault();
    if (!pending_->fault && copy_) copy_();
    const napi_status status = settle_.NonBlockingCall(pending_);
    // An environment that is being torn down waits for nothing any more.
    if (status != napi_ok && status != napi_closing) {
      context.Fail("Expected Node.js to take the news that a read is done but it gave status " +
                   std::to_string(status) + ".");
    }
  }

 private:
  const Stream& stream_;
  std::function<void()> copy_;
  Pending* pending_;
  Settle settle_;
};

}  // namespace

Environment::Environment(Napi::Env env)
    : env_(env), allocator_(MemoryLimit()), threads_((ActiveIsa(), DefaultThreads())) {
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
  const Block block = allocator_.Allocate(
      bytes, [this] { stream_->Synchronize(); }, CapturePool());
  if (block.data == nullptr) {
    numbers_.GiveBack(handle);
    return 0;
  }
  Slot& slot = slots_[index];
  slot.block = block;
  slot.references = 1;
  slot.touched_by = stream_->enqueued();  // by commands of whoever had the memory before
  slot.captured_by = 0;  // what the slot held before may have been captured already
  ++used_slots_;
  CountForV8(static_cast<int64_t>(bytes));
  return handle;
}

void Environment::Retain(Handle handle) { ++SlotOf(handle).references; }

void Environment::Release(Handle handle) {
  Slot& slot = SlotOf(handle);
  if (--slot.references > 0) return;
  allocator_.Free(slot.block, CapturePool());
  numbers_.GiveBack(handle);
  --used_slots_;
  CountForV8(-static_cast<int64_t>(slot.block.bytes));
}

const Block& Environment::Use(Handle handle) {
  Slot& slot = SlotOf(handle);
  if (capture_ && slot.captured_by != captures_) {
    slot.captured_by = captures_;
    capture_->storages.push_back(handle);
  }
  slot.touched_by = stream_->enqueued() + 1;
  return slot.block;
}

const Block* Environment::Settled(Handle handle) {
  const Slot& slot = SlotOf(handle);
  const uint64_t done = stream_->completed();
  const bool settled = done >= slot.touched_by && done >= last_replay_ && !capture_;
  return settled && !stream_->fault() ? &slot.block : nullptr;
}

void Environment::Enqueue(std::shared_ptr<Command> command) {
  if (capture_) capture_->commands.push_back(command);
  stream_->Enqueue(std::move(command));
}

void Environment::BeginCapture() {
  ++captures_;
  capture_ = std::make_shared<Graph>();
}

uint32_t Environment::EndCapture() {
  std::shared_ptr<Graph> graph = std::move(capture_);
  std::erase_if(graph->storages, [this](Handle handle) { return Find(handle) == nullptr; });
  for (Handle handle : graph->storages) Retain(handle);
  graphs_.emplace(captures_, std::move(graph));
  return captures_;
}

const std::shared_ptr<Graph>& Environment::GraphOf(uint32_t number) {
  const auto found = graphs_.find(number);
  if (found == graphs_.end())
    throw Napi::Error::New(env_, "Expected a live graph but received a released one.");
  return found->second;
}

void Environment::Replay(uint32_t number) {
  stream_->Enqueue(std::make_shared<ReplayCommand>(GraphOf(number)));
  last_replay_ = stream_->enqueued();
}

void Environment::ReleaseGraph(uint32_t number) {
  const std::shared_ptr<Graph> graph = GraphOf(number);
  graphs_.erase(number);
  for (Handle handle : graph->storages) Release(handle);
  allocator_.Dissolve(graph->pool);
}

void Environment::SetThreads(int threads) {
  threads_ = threads;
  stream_->Enqueue(std::make_shared<SetThreadsCommand>(threads, shortage_));
}

void Environment::Fence(std::function<void()> copy, Napi::Function done, Napi::Value keep_alive) {
  auto owned = std::make_unique<PendingFence>(
      PendingFence{Napi::Persistent(done), Napi::Reference<Napi::Value>::New(keep_alive, 1), {}});
  PendingFence* pending = owned.get();
  if (pending_fences_.empty()) settle_.Ref(env_);
  pending_fences_.emplace(pending, std::move(owned));
  stream_->Enqueue(std::make_shared<FenceCommand<PendingFence, SettleFunction>>(
      *stream_, std::move(copy), pending, settle_));
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
