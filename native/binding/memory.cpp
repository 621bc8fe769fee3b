#include "binding/memory.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "binding/environment.h"
#include "binding/guard.h"
#include "binding/number.h"
#include "runtime/placement.h"

namespace vitrine::binding {
namespace {

Handle HandleOf(const Napi::Value& value) { return NumberAs<Handle>(value, "a storage"); }

// The part of a storage that a typed array is copied to or from.
struct Span {
  std::byte* storage;
  std::byte* array;
  size_t bytes;
};

Span SpanOf(const Napi::CallbackInfo& info, const Block& block) {
  const auto array = info[1].As<Napi::TypedArray>();
  const auto offset = NumberAs<size_t>(info[2], "an offset");
  const size_t bytes = array.ByteLength();
  if (offset > block.bytes || bytes > block.bytes - offset) {
    throw Napi::RangeError::New(
        info.Env(), "Expected a copy inside the storage but received one past its end.");
  }
  auto* data = bytes == 0
                   ? nullptr
                   : static_cast<std::byte*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  return {static_cast<std::byte*>(block.data) + offset, data, bytes};
}

// Begins a command on it.
Span SpanOf(const Napi::CallbackInfo& info, Access access) {
  Environment& environment = Environment::Of(info);
  environment.BeginCommand();
  return SpanOf(info, environment.Use(HandleOf(info[0]), access));
}

// A copy into a storage that earlier commands may still use: takes its place in the queue.
class WriteCommand final : public Command {
 public:
  explicit WriteCommand(const Span& span)
      : target_(span.storage), staged_(span.array, span.array + span.bytes) {}
  const char* name() const override { return "write"; }
  // Whether the caller has heard of a fault already must not decide what the tensor holds after a
  // reset.
  bool runs_when_poisoned() const override { return true; }
  void Run(Context&) override {
    if (!staged_.empty()) std::memcpy(target_, staged_.data(), staged_.size());
  }

 private:
  std::byte* target_;
  std::vector<std::byte> staged_;
};

// allocate(bytes): handle, 0 when no memory is left
Napi::Value Allocate(const Napi::CallbackInfo& info) {
  const auto wanted = NumberAs<double>(info[0], "bytes");
  // Sizes multiply to numbers that no size_t holds.
  if (wanted > static_cast<double>(Environment::Of(info).allocator().limit()))
    return Napi::Number::New(info.Env(), 0);
  const auto bytes = NumberAs<size_t>(info[0], "bytes");
  return Napi::Number::New(info.Env(), static_cast<double>(Environment::Of(info).Allocate(bytes)));
}

void Retain(const Napi::CallbackInfo& info) { Environment::Of(info).Retain(HandleOf(info[0])); }

void Release(const Napi::CallbackInfo& info) { Environment::Of(info).Release(HandleOf(info[0])); }

// spread(handle): over the memory of all NUMA nodes that threads run on
void Spread(const Napi::CallbackInfo& info) {
  const Block& block = Environment::Of(info).BlockOf(HandleOf(info[0]));
  SpreadOverNodes(block.data, block.bytes);
}

// write(handle, array, byteOffset): at once where no command on its way can touch the storage
void Write(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info);
  if (const Block* block = environment.Settled(HandleOf(info[0]))) {
    environment.NoteWrite(HandleOf(info[0]));
    const Span span = SpanOf(info, *block);
    if (span.bytes > 0) std::memcpy(span.storage, span.array, span.bytes);
    return;
  }
  const Span span = SpanOf(info, Access::kWrite);
  if (span.bytes > 0) environment.Enqueue(std::make_shared<WriteCommand>(span));
}

// writeLater(handle, array, byteOffset, done): on the stream, from the array itself, which must not
// change before done(message?, site?) is called. The threads share it: memory that is new costs
// more at its first touch than the copy.
void WriteLater(const Napi::CallbackInfo& info) {
  const Span span = SpanOf(info, Access::kWrite);
  auto copy = [span](Context& context) {
    constexpr size_t kPart = 64 * 1024;
    const auto parts = static_cast<int64_t>((span.bytes + kPart - 1) / kPart);
    context.ParallelFor(parts, [&](int64_t part, int) {
      const size_t begin = static_cast<size_t>(part) * kPart;
      const size_t bytes = std::min(kPart, span.bytes - begin);
      std::memcpy(span.storage + begin, span.array + begin, bytes);
    });
  };
  Environment::Of(info).Copy(Access::kWrite, copy, info[3].As<Napi::Function>(), info[1]);
}

// read(handle, array, byteOffset, done): copies on the stream, then calls done(message?, site?)
void Read(const Napi::CallbackInfo& info) {
  const Span span = SpanOf(info, Access::kRead);
  auto copy = [span](Context&) {
    if (span.bytes > 0) std::memcpy(span.array, span.storage, span.bytes);
  };
  Environment::Of(info).Copy(Access::kRead, copy, info[3].As<Napi::Function>(), info[1]);
}

// fence(done)
void Fence(const Napi::CallbackInfo& info) {
  Environment::Of(info).Fence(info[0].As<Napi::Function>());
}

Napi::Value FaultOf(const Napi::CallbackInfo& info) {
  const auto fault = Environment::Of(info).stream().fault();
  if (!fault) return info.Env().Undefined();
  auto result = Napi::Object::New(info.Env());
  result.Set("message", fault->message);
  result.Set("site", fault->site);
  return result;
}

// readSync(handle, array, byteOffset): { message, site } of a fault, or undefined
Napi::Value ReadSync(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info);
  const Span span = SpanOf(info, environment.BlockOf(HandleOf(info[0])));
  environment.AwaitWriters(HandleOf(info[0]));
  const Napi::Value fault = FaultOf(info);
  if (fault.IsUndefined() && span.bytes > 0) std::memcpy(span.array, span.storage, span.bytes);
  return fault;
}

// peek(handle, array, byteOffset): whether the stream has come past all that touches the storage,
// which then was copied
Napi::Value Peek(const Napi::CallbackInfo& info) {
  const Block* block = Environment::Of(info).Settled(HandleOf(info[0]));
  if (block == nullptr) return Napi::Boolean::New(info.Env(), false);
  const Span span = SpanOf(info, *block);
  if (span.bytes > 0) std::memcpy(span.array, span.storage, span.bytes);
  return Napi::Boolean::New(info.Env(), true);
}

Napi::Value Synchronize(const Napi::CallbackInfo& info) {
  Environment::Of(info).stream().Synchronize();
  return FaultOf(info);
}

void SetBackground(const Napi::CallbackInfo& info) {
  Environment::Of(info).SetBackground(info[0].ToBoolean());
}

// writes(handle): how often it was written; -1 while the capture under way writes it
Napi::Value Writes(const Napi::CallbackInfo& info) {
  const int64_t writes = Environment::Of(info).WritesOf(HandleOf(info[0]));
  return Napi::Number::New(info.Env(), static_cast<double>(writes));
}

void BeginCapture(const Napi::CallbackInfo& info) { Environment::Of(info).BeginCapture(); }

// pauseCapture(on)
void PauseCapture(const Napi::CallbackInfo& info) {
  Environment::Of(info).PauseCapture(info[0].ToBoolean());
}

// endCapture(): number of the graph
Napi::Value EndCapture(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Environment::Of(info).EndCapture());
}

void Replay(const Napi::CallbackInfo& info) {
  Environment::Of(info).Replay(NumberAs<uint32_t>(info[0], "a graph"));
}

void ReleaseGraph(const Napi::CallbackInfo& info) {
  Environment::Of(info).ReleaseGraph(NumberAs<uint32_t>(info[0], "a graph"));
}

}  // namespace

void ExportMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("allocate", Napi::Function::New<Guarded<Allocate>>(env));
  exports.Set("retain", Napi::Function::New<Guarded<Retain>>(env));
  exports.Set("spread", Napi::Function::New<Guarded<Spread>>(env));
  exports.Set("release", Napi::Function::New<Guarded<Release>>(env));
  exports.Set("write", Napi::Function::New<Guarded<Write>>(env));
  exports.Set("writeLater", Napi::Function::New<Guarded<WriteLater>>(env));
  exports.Set("read", Napi::Function::New<Guarded<Read>>(env));
  exports.Set("readSync", Napi::Function::New<Guarded<ReadSync>>(env));
  exports.Set("peek", Napi::Function::New<Guarded<Peek>>(env));
  exports.Set("fence", Napi::Function::New<Guarded<Fence>>(env));
  exports.Set("synchronize", Napi::Function::New<Guarded<Synchronize>>(env));
  exports.Set("setBackground", Napi::Function::New<Guarded<SetBackground>>(env));
  exports.Set("writes", Napi::Function::New<Guarded<Writes>>(env));
  exports.Set("pauseCapture", Napi::Function::New<Guarded<PauseCapture>>(env));
  exports.Set("beginCapture", Napi::Function::New<Guarded<BeginCapture>>(env));
  exports.Set("endCapture", Napi::Function::New<Guarded<EndCapture>>(env));
  exports.Set("replay", Napi::Function::New<Guarded<Replay>>(env));
  exports.Set("releaseGraph", Napi::Function::New<Guarded<ReleaseGraph>>(env));
}

}  // namespace vitrine::binding
