#include "binding/system.h"

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "binding/environment.h"
#include "binding/guard.h"
#include "binding/number.h"
#include "gemm/gemm.h"
#include "runtime/cpu.h"
#include "runtime/files.h"

namespace vitrine::binding {
namespace {

// blas(): { name, core, warning }; throws when the library is missing
Napi::Value Blas(const Napi::CallbackInfo& info) {
  try {
    const gemm::Library& library = gemm::Load();
    auto result = Napi::Object::New(info.Env());
    result.Set("name", library.name);
    result.Set("core", library.core);
    result.Set("warning", library.warning);
    return result;
  } catch (const std::runtime_error& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

// blasWarning(): blas().warning for the first environment of the process that asks, '' for all
// later ones: what holds for the whole process is told once, workers included
Napi::Value BlasWarning(const Napi::CallbackInfo& info) {
  static std::atomic<bool> told = false;
  try {
    const std::string& warning = gemm::Load().warning;
    return Napi::String::New(info.Env(), told.exchange(true) ? "" : warning);
  } catch (const std::runtime_error& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

// whyNoBf16(): '' where bfloat16 products can be had, else a sentence
Napi::Value WhyNoBf16(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), HasBf16() ? ""
                                                 : "Expected a CPU with AVX512_BF16 for precision "
                                                   "'bf16' but this one has none.");
}

// keptFloats(rows, out, in, precision): of a weight (out,in) packed for products of so many rows; 0
// where that does not pay
Napi::Value KeptFloats(const Napi::CallbackInfo& info) {
  int64_t sizes[3];
  for (int i = 0; i < 3; ++i) sizes[i] = NumberAs<int64_t>(info[i], "a size");
  const auto [rows, out, in] = sizes;
  const auto precision = static_cast<gemm::Precision>(NumberAs<int32_t>(info[3], "a precision"));
  const bool pays = gemm::PaysToKeep(rows, out, in, precision);
  return Napi::Number::New(info.Env(),
                           pays ? static_cast<double>(gemm::KeptFloats(out, in, precision)) : 0.0);
}

// cpu(): { model, isa, isas, bf16, usable, memory }
Napi::Value Cpu(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  auto isas = Napi::Array::New(info.Env());
  for (const std::string& name : AvailableIsaNames()) isas.Set(isas.Length(), name);
  result.Set("model", CpuModel());
  result.Set("isa", ActiveIsaName());
  result.Set("isas", isas);
  result.Set("bf16", HasBf16());
  result.Set("usable", UsableCpus());
  result.Set("memory", static_cast<double>(MemoryLimit()));
  return result;
}

// lockFile(descriptor): whether this process now has the open file's lock; throws where files
// cannot be locked
Napi::Value LockFileOf(const Napi::CallbackInfo& info) {
  if (LockFile(info[0].As<Napi::Number>().Int32Value()))
    return Napi::Boolean::New(info.Env(), true);
  if (errno == EWOULDBLOCK) return Napi::Boolean::New(info.Env(), false);
  throw Napi::Error::New(info.Env(), std::generic_category().message(errno));
}

// exchangePaths(a, b): whether they have changed places
Napi::Value ExchangePathsOf(const Napi::CallbackInfo& info) {
  const std::string a = info[0].As<Napi::String>();
  const std::string b = info[1].As<Napi::String>();
  return Napi::Boolean::New(info.Env(), ExchangePaths(a.c_str(), b.c_str()));
}

// memory(): { live, peak, cached, pooled, storages }
Napi::Value Memory(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info);
  const Allocator::Statistics& statistics = environment.allocator().statistics();
  auto result = Napi::Object::New(info.Env());
  result.Set("live", static_cast<double>(statistics.live));
  result.Set("peak", static_cast<double>(statistics.peak));
  result.Set("cached", static_cast<double>(statistics.cached));
  result.Set("pooled", static_cast<double>(statistics.pooled));
  result.Set("storages", static_cast<double>(environment.storages()));
  return result;
}

void ResetPeak(const Napi::CallbackInfo& info) { Environment::Of(info).allocator().ResetPeak(); }

Napi::Value WantedThreads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Environment::Of(info).wanted_threads());
}

Napi::Value Threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Environment::Of(info).threads());
}

void SetThreads(const Napi::CallbackInfo& info) {
  const int threads = NumberAs<int>(info[0], "threads");
  if (threads < 1 || threads > 1024)
    throw Napi::RangeError::New(info.Env(), "Expected from 1 to 1024 threads.");
  Environment::Of(info).SetThreads(threads);
}

void Reset(const Napi::CallbackInfo& info) { Environment::Of(info).stream().Reset(); }

// abandon(): stops a stream that still has work
void Abandon(const Napi::CallbackInfo& info) {
  Environment::Of(info).stream().Abandon(
      {"Expected the process to live until the stream has run what is queued but it is exiting. "
       "Await data() or fence() before exit()."});
}

// trim(): gives cached memory back to the system
void Trim(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::Of(info);
  environment.stream().Synchronize();
  environment.allocator().Trim();
}

// Turns tracing on in its place in the queue, or off, when `taken` gets what was traced.
class TraceCommand final : public Command {
 public:
  explicit TraceCommand(bool tiles) : tiles_(tiles) {}
  explicit TraceCommand(std::vector<std::vector<TraceEvent>>* taken) : taken_(taken) {}
  const char* name() const override { return "trace"; }
  bool runs_when_poisoned() const override { return true; }
  void Run(Context& context) override {
    if (taken_ == nullptr) return context.trace().Start(context.threads(), tiles_);
    *taken_ = context.trace().lists();
    context.trace().Stop();
  }

 private:
  bool tiles_ = false;
  std::vector<std::vector<TraceEvent>>* taken_ = nullptr;
};

// startTrace(tiles): once the background has run, which what is enqueued next would pass by, and
// this with it
void StartTrace(const Napi::CallbackInfo& info) {
  const bool tiles = info[0].ToBoolean();
  Stream& stream = Environment::Of(info).stream();
  if (!stream.Idle(Lane::kBackground)) stream.Synchronize();
  Environment::Of(info).EnqueueBehindAll(std::make_shared<TraceCommand>(tiles));
}

// stopTrace(): [{ name, thread, start, end }], and of tiles their loop, range and tile, once all
// that is enqueued has run. Microseconds.
Napi::Value StopTrace(const Napi::CallbackInfo& info) {
  std::vector<std::vector<TraceEvent>> lists;
  Environment& environment = Environment::Of(info);
  environment.EnqueueBehindAll(std::make_shared<TraceCommand>(&lists));
  environment.stream().Synchronize();
  auto result = Napi::Array::New(info.Env());
  for (const auto& list : lists) {
    for (const TraceEvent& event : list) {
      auto entry = Napi::Object::New(info.Env());
      entry.Set("name", event.name);
      entry.Set("thread", event.thread);
      entry.Set("start", event.start);
      entry.Set("end", event.end);
      if (event.loop >= 0) {
        entry.Set("loop", static_cast<double>(event.loop));
        entry.Set("range", static_cast<double>(event.range));
        entry.Set("tile", static_cast<double>(event.tile));
      }
      result.Set(result.Length(), entry);
    }
  }
  return result;
}

}  // namespace

void ExportSystem(Napi::Env env, Napi::Object exports) {
  exports.Set("blas", Napi::Function::New<Guarded<Blas>>(env));
  exports.Set("blasWarning", Napi::Function::New<Guarded<BlasWarning>>(env));
  exports.Set("whyNoBf16", Napi::Function::New<Guarded<WhyNoBf16>>(env));
  exports.Set("keptFloats", Napi::Function::New<Guarded<KeptFloats>>(env));
  exports.Set("cpu", Napi::Function::New<Guarded<Cpu>>(env));
  exports.Set("lockFile", Napi::Function::New<Guarded<LockFileOf>>(env));
  exports.Set("exchangePaths", Napi::Function::New<Guarded<ExchangePathsOf>>(env));
  exports.Set("memory", Napi::Function::New<Guarded<Memory>>(env));
  exports.Set("resetPeak", Napi::Function::New<Guarded<ResetPeak>>(env));
  exports.Set("threads", Napi::Function::New<Guarded<Threads>>(env));
  exports.Set("wantedThreads", Napi::Function::New<Guarded<WantedThreads>>(env));
  exports.Set("setThreads", Napi::Function::New<Guarded<SetThreads>>(env));
  exports.Set("reset", Napi::Function::New<Guarded<Reset>>(env));
  exports.Set("abandon", Napi::Function::New<Guarded<Abandon>>(env));
  exports.Set("startTrace", Napi::Function::New<Guarded<StartTrace>>(env));
  exports.Set("stopTrace", Napi::Function::New<Guarded<StopTrace>>(env));
  exports.Set("trim", Napi::Function::New<Guarded<Trim>>(env));
}

}  // namespace vitrine::binding
