#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/allocator.h"
#include "runtime/operand.h"
#include "runtime/slot_numbers.h"
#include "runtime/stream.h"

namespace vitrine::binding {

// A tensor's memory as JavaScript knows it: a number. One kept too long is noticed instead of
// reading another tensor.
using Handle = int64_t;

// A captured step: the commands of one run of it, the storages they touch that outlived the run,
// and the memory of those that did not, laid out by the order in which the run freed and asked for
// it.
struct Graph {
  std::vector<std::shared_ptr<Command>> commands;
  std::vector<Handle> storages;
  std::vector<Handle> written;  // those of them that it writes
  Allocator::Pool pool;
  BackgroundUse background;  // of the pool's memory: the run that was captured, and replays
};

// All that one JavaScript environment (the main thread, or a worker) owns. Used on that
// environment's thread only.
class Environment {
 public:
  explicit Environment(Napi::Env env);
  ~Environment();

  static Environment& Of(const Napi::CallbackInfo& info) {
    return *info.Env().GetInstanceData<Environment>();
  }

  Stream& stream() { return *stream_; }
  Allocator& allocator() { return allocator_; }

  // A new storage, or 0 when no memory is left.
  Handle Allocate(size_t bytes);
  // Adds a reference. A storage goes back to the allocator with its last one.
  void Retain(Handle handle);
  void Release(Handle handle);
  // The memory behind a handle, for whoever enqueues nothing. Throws Napi::Error for a stale
  // handle, as all of these do.
  const Block& BlockOf(Handle handle) { return SlotOf(handle).block; }
  // The same if no command on its way can touch the memory, and nothing has failed.
  const Block* Settled(Handle handle);
  // Blocks until all that writes the memory has run.
  void AwaitWriters(Handle handle);
  size_t storages() const { return used_slots_; }

  // How often commands were made that write the memory, or bytes were copied there: what follows
  // from its content holds while this stays the same. -1 while the capture under way writes it.
  int64_t WritesOf(Handle handle);
  // To be called by whoever writes and makes no command.
  void NoteWrite(Handle handle) { ++SlotOf(handle).writes; }

  // Whether what is enqueued from now on belongs to the background.
  void SetBackground(bool on) { lane_ = on ? Lane::kBackground : Lane::kOrdinary; }

  // A command is made in three steps: BeginCommand, Use for each operand, and Enqueue or Copy.
  void BeginCommand();
  // The memory behind a handle, noted for the command and for the capture that is under way.
  const Block& Use(Handle handle, Access access);
  // Appends to the stream, and to the capture that is under way.
  void Enqueue(std::shared_ptr<Command> command);
  // Appends a command without operands that runs after all others.
  void EnqueueBehindAll(std::shared_ptr<Command> command);

  void BeginCapture();
  // Ends the capture and gives the number of its graph.
  uint32_t EndCapture();
  bool capturing() const { return capture_ != nullptr; }
  // What is enqueued and allocated from now on is no part of the capture under way, or is again.
  void PauseCapture(bool on) {
    if (on != (paused_ != nullptr)) std::swap(capture_, paused_);
  }
  // Throws Napi::Error for a number that is no live graph.
  const std::shared_ptr<Graph>& GraphOf(uint32_t number);
  // Enqueues a graph's commands once more.
  void Replay(uint32_t number);
  // Gives the graph's memory back. A replay that is still queued keeps the commands, and stream
  // order keeps what they use safe.
  void ReleaseGraph(uint32_t number);

  // Fewer threads than were asked for, where the system gave no more.
  struct Shortage {
    int wanted, started;
  };

  int wanted_threads() const { return threads_; }
  // Those that run, or will once the stream has come to SetThreads.
  int threads() const {
    const Shortage shortage = shortage_;
    return shortage.wanted == threads_ ? shortage.started : threads_;
  }
  void SetThreads(int threads);

  // Runs `done` on this environment's thread once all that is enqueued so far has run; meanwhile
  // the process stays alive.
  void Fence(Napi::Function done);
  // Enqueues `copy`, a command that has begun, and runs `done` when it has run; one that reads is
  // left out where the stream is poisoned. The object `keep_alive` stays alive until then, too.
  void Copy(Access access, std::function<void(Context&)> copy, Napi::Function done,
            Napi::Value keep_alive);

 private:
  struct Slot {
    Block block;
    int references = 0;
    uint32_t captured_by = 0;        // the last capture that used it
    uint32_t captured_write_by = 0;  // and that wrote it
    int64_t writes = 0;
    // The last ordinary command that may touch it, counted from 1; or the next one, which then went
    // to the background.
    uint64_t touched_by = 0;
    BackgroundUse background;
  };
  struct Operand {
    Slot* slot;  // none is made while a command is
    Access access;
  };
  struct PendingFence;

  // Runs on the JavaScript thread when the stream has come to a fence; without one, when V8 is to
  // be told of memory.
  static void Settle(Napi::Env env, Napi::Function, Environment* self, PendingFence* pending);
  using SettleFunction = Napi::TypedThreadSafeFunction<Environment, PendingFence, Settle>;

  Allocator::Pool* CapturePool() { return capture_ ? &capture_->pool : nullptr; }
  // The lane of the command that is being made; see Stream for the rule.
  Lane LaneOfCommand() const {
    return lane_ == Lane::kBackground || held_up_ ? Lane::kBackground : Lane::kOrdinary;
  }
  void NoteOperand(Slot& slot, Access access);
  void NoteCaptured(Slot& slot, Handle handle, Access access);
  void Submit(std::shared_ptr<Command> command, Lane lane);
  std::shared_ptr<Command> MakeFence(Access access, std::function<void(Context&)> copy,
                                     Napi::Function done, Napi::Value keep_alive);
  Slot* Find(Handle handle);
  Slot& SlotOf(Handle handle);
  void CountForV8(int64_t bytes);
  void TellV8();

  Napi::Env env_;
  Allocator allocator_;
  // 16 million live tensors; handles fit the 53 bits of a JavaScript number.
  using Numbers = SlotNumbers<24, 28>;
  Numbers numbers_;
  std::vector<Slot> slots_;
  size_t used_slots_ = 0;
  int64_t untold_bytes_ = 0;
  bool will_tell_ = false;
  int threads_;
  std::atomic<Shortage> shortage_{Shortage{0, 0}};
  Lane lane_ = Lane::kOrdinary;
  // Of the command that is being made.
  std::vector<Operand> operands_;  // noted where the background is in use
  bool notes_operands_ = false;
  bool held_up_ = false;  // a command of the background has to run first
  uint64_t background_done_ = 0;
  std::shared_ptr<Graph> capture_, paused_;
  std::unordered_map<uint32_t, std::shared_ptr<Graph>> graphs_;
  uint32_t captures_ = 0;
  // The last ordinary command that is one; it may touch whatever its graph touches.
  uint64_t last_replay_ = 0;
  SettleFunction settle_;
  std::unordered_map<PendingFence*, std::unique_ptr<PendingFence>> pending_fences_;
  std::unique_ptr<Stream> stream_;  // last: it ends first, and with it all use of the rest
};

}  // namespace vitrine::binding
