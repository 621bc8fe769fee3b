// The part of an environment that makes commands: which lane each belongs to, and captured steps.

#include <algorithm>
#include <utility>

#include "binding/environment.h"

namespace vitrine::binding {
namespace {

class ReplayCommand final : public Command {
 public:
  explicit ReplayCommand(std::shared_ptr<Graph> graph) : graph_(std::move(graph)) {}
  const char* name() const override { return "replay"; }
  void Run(Context& context) override {
    for (const auto& command : graph_->commands) {
      context.Run(*command);
      if (context.failed() || context.interrupted()) return;
      context.GiveWay();
    }
  }

 private:
  std::shared_ptr<Graph> graph_;
};

}  // namespace

void Environment::BeginCommand() {
  operands_.clear();
  held_up_ = false;
  // Where nothing stands in the background and nothing is to, there is nothing to note.
  background_done_ = stream_->completed(Lane::kBackground);
  notes_operands_ =
      lane_ == Lane::kBackground || background_done_ != stream_->enqueued(Lane::kBackground);
}

const Block& Environment::Use(Handle handle, Access access) {
  Slot& slot = SlotOf(handle);
  if (notes_operands_) NoteOperand(slot, access);
  if (capture_) NoteCaptured(slot, handle, access);
  if (access == Access::kWrite) ++slot.writes;
  slot.touched_by = stream_->enqueued(Lane::kOrdinary) + 1;
  return slot.block;
}

void Environment::NoteOperand(Slot& slot, Access access) {
  held_up_ = held_up_ || slot.background.HoldsUp(access, background_done_);
  operands_.push_back({&slot, access});
}

void Environment::NoteCaptured(Slot& slot, Handle handle, Access access) {
  if (slot.captured_by != captures_) {
    slot.captured_by = captures_;
    capture_->storages.push_back(handle);
  }
  if (access == Access::kWrite && slot.captured_write_by != captures_) {
    slot.captured_write_by = captures_;
    capture_->written.push_back(handle);
  }
}

void Environment::Submit(std::shared_ptr<Command> command, Lane lane) {
  const uint64_t number = stream_->Enqueue(std::move(command), lane);
  if (lane == Lane::kOrdinary) return;
  for (const Operand& operand : operands_) operand.slot->background.Note(operand.access, number);
  if (capture_) capture_->background.Note(Access::kWrite, number);
}

void Environment::Enqueue(std::shared_ptr<Command> command) {
  if (capture_) capture_->commands.push_back(command);
  Submit(std::move(command), LaneOfCommand());
}

void Environment::EnqueueBehindAll(std::shared_ptr<Command> command) {
  // The background waits for what is ordinary, too.
  stream_->Enqueue(std::move(command),
                   stream_->Idle(Lane::kBackground) ? Lane::kOrdinary : Lane::kBackground);
}

void Environment::Replay(uint32_t number) {
  const std::shared_ptr<Graph>& graph = GraphOf(number);
  BeginCommand();
  // The graph keeps them, so their numbers are good.
  for (Handle handle : graph->written) ++slots_[Numbers::SlotOf(handle)].writes;
  if (notes_operands_) {
    for (Handle handle : graph->storages) NoteOperand(SlotOf(handle), Access::kRead);
    for (Handle handle : graph->written) NoteOperand(SlotOf(handle), Access::kWrite);
    held_up_ = held_up_ || graph->background.HoldsUp(Access::kWrite, background_done_);
  }
  const Lane lane = LaneOfCommand();
  Submit(std::make_shared<ReplayCommand>(graph), lane);
  if (lane == Lane::kOrdinary) {
    last_replay_ = stream_->enqueued(lane);
  } else {
    graph->background.Note(Access::kWrite, stream_->enqueued(lane));
  }
}

void Environment::BeginCapture() {
  ++captures_;
  capture_ = std::make_shared<Graph>();
}

uint32_t Environment::EndCapture() {
  std::shared_ptr<Graph> graph = std::move(capture_);
  for (std::vector<Handle>* handles : {&graph->storages, &graph->written})
    std::erase_if(*handles, [this](Handle handle) { return Find(handle) == nullptr; });
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

void Environment::ReleaseGraph(uint32_t number) {
  const std::shared_ptr<Graph> graph = GraphOf(number);
  graphs_.erase(number);
  for (Handle handle : graph->storages) Release(handle);
  allocator_.Dissolve(graph->pool, graph->background.any, stream_->completed(Lane::kBackground));
}

}  // namespace vitrine::binding
