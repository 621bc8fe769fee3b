#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "runtime/stream.h"
#include "runtime/thread_pool.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

template <class F>
class Throwing final : public Command {
 public:
  explicit Throwing(F body) : body_(std::move(body)) {}
  const char* name() const override { return "someOp"; }
  void Run(Context& context) override { body_(context); }

 private:
  F body_;
};

// The fault that a command leaves, after which the stream must run again.
template <class F>
std::string FaultOf(F body) {
  Stream stream(3);
  stream.Enqueue(std::make_shared<Throwing<F>>(body));
  stream.Synchronize();
  const std::optional<Fault> fault = stream.fault();
  Expect(fault.has_value(), "an exception poisons the stream");
  stream.Reset();
  std::atomic<int> tiles{0};
  auto count = [&tiles](Context& context) {
    context.ParallelFor(100, [&tiles](int64_t, int) { ++tiles; });
  };
  stream.Enqueue(std::make_shared<Throwing<decltype(count)>>(count));
  stream.Synchronize();
  Expect(tiles == 100, "the stream runs again after Reset");
  return fault->message;
}

void ExceptionsAreFaults() {
  const std::string memory = FaultOf([](Context&) { throw std::bad_alloc(); });
  Expect(memory.starts_with("Expected scratch memory for someOp"), memory);
  const std::string other = FaultOf([](Context&) { throw std::length_error("too long"); });
  Expect(other == "Expected someOp to run but it failed: too long.", other);
  const std::string own = FaultOf([](Context&) { throw std::runtime_error("Expected more."); });
  Expect(own == "Expected more.", own);
  const std::string unknown = FaultOf([](Context&) { throw 7; });
  Expect(unknown == "Expected someOp to run but it failed.", unknown);
}

void ExceptionsOfTilesAreFaults() {
  for (int64_t thrower : {0, 50, 99}) {
    const std::string message = FaultOf([thrower](Context& context) {
      context.ParallelFor(100, [thrower](int64_t tile, int) {
        if (tile == thrower) throw std::runtime_error("Expected tiles to do.");
      });
    });
    Expect(message == "Expected tiles to do.", message);
  }
}

void AllTilesThatThrowAreOneException() {
  ThreadPool pool(4);
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> ran{0};
    bool caught = false;
    try {
      pool.ParallelFor(64, [&ran](int64_t tile, int) {
        ++ran;
        if (tile % 2 == 0) throw std::runtime_error("thrown");
      });
    } catch (const std::runtime_error&) {
      caught = true;
    }
    Expect(caught && ran == 64, "the loop ended with all tiles run, and threw");
  }
}

void ScratchPastAllMemoryIsAFault() {
  constexpr size_t kTooMany = SIZE_MAX / 4 + 2;  // whose bytes, modulo 2^64, are 4
  const std::string own = FaultOf([](Context& context) { context.ReserveScratch(kTooMany); });
  Expect(own.starts_with("Expected scratch memory"), own);
  const std::string shared = FaultOf([](Context& context) { context.SharedScratch(kTooMany); });
  Expect(shared.starts_with("Expected scratch memory"), shared);
}

constexpr Test kTests[] = {
    {"exceptions of commands are faults", ExceptionsAreFaults},
    {"exceptions of tiles, on whatever thread, are faults", ExceptionsOfTilesAreFaults},
    {"all tiles that throw are one exception", AllTilesThatThrowAreOneException},
    {"scratch past all memory is a fault", ScratchPastAllMemoryIsAFault},
};

}  // namespace

std::span<const Test> ExceptionTests() { return kTests; }

}  // namespace vitrine
