#include "runtime/lane.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "runtime/allocator.h"
#include "runtime/stream.h"
#include "tests/function_command.h"
#include "tests/harness.h"

namespace vitrine {
namespace {

using std::chrono::milliseconds;

// Holds the stream's thread until it is opened.
class Gate {
 public:
  void Open() { *open_ = true; }
  auto Waiting() const {
    return [open = open_](Context&) {
      while (!*open) std::this_thread::yield();
    };
  }

 private:
  std::shared_ptr<std::atomic<bool>> open_ = std::make_shared<std::atomic<bool>>(false);
};

void OrdinaryWorkGoesFirst() {
  Stream stream(2);
  std::string order;  // only the stream's thread writes it, and Synchronize orders the reading
  Gate gate;
  Enqueue(stream, gate.Waiting());
  for (char c : {'a', 'b'})
    Enqueue(
        stream, [&order, c](Context&) { order += c; }, Lane::kBackground);
  for (char c : {'1', '2', '3'}) Enqueue(stream, [&order, c](Context&) { order += c; });
  gate.Open();
  stream.Synchronize();
  Expect(order == "123ab", "ordinary commands overtake those of the background: " + order);
}

void OrdinaryWorkGoesBetweenTheParts() {
  Stream stream(2);
  std::string order;
  std::atomic<int> at{0};
  std::atomic<bool> enqueued{false};
  // As a replay does. Its memory between parts is its own.
  auto parts = [&](Context& context) {
    for (char c : {'a', 'b', 'c'}) {
      context.SharedScratch(16)[0] = static_cast<float>(c);
      order += static_cast<char>(context.SharedScratch(16)[0]);
      if (c == 'b') {
        at = 1;
        while (!enqueued) std::this_thread::yield();
      }
      context.GiveWay();
    }
  };
  // One that is ordinary itself lets nobody in between.
  auto ordinary = [&order](Context& context) {
    for (char c : {'1', '2'}) {
      context.SharedScratch(1 << 16)[0] = 0;
      order += c;
      context.GiveWay();
    }
  };
  Enqueue(stream, parts, Lane::kBackground);
  while (at == 0) std::this_thread::yield();
  Enqueue(stream, ordinary);
  Enqueue(stream, [&order](Context&) { order += '3'; });
  enqueued = true;
  stream.Synchronize();
  Expect(order == "ab123c", "ordinary commands go between the parts, whole: " + order);
}

void TheBackgroundWaitsForWhatWasBefore() {
  Stream stream(1);
  // For longer than ordinary work may hold the background up: that it has its turn then must not
  // let it overtake what it depends on.
  int64_t value = 0, seen = -1;
  for (int i = 0; i < 100; ++i) {
    Enqueue(stream, [&value](Context&) {
      std::this_thread::sleep_for(milliseconds(1));
      ++value;
    });
  }
  Enqueue(
      stream, [&](Context&) { seen = value; }, Lane::kBackground);
  stream.Synchronize();
  Expect(seen == 100, "all that was ordinary before has run: " + std::to_string(seen));
}

void OrdinaryWorkWithoutEndLeavesAShare() {
  Stream stream(1);
  std::atomic<int> parts{0};
  Enqueue(
      stream,
      [&parts](Context& context) {
        for (int i = 0; i < 3; ++i) {
          ++parts;
          context.GiveWay();
        }
      },
      Lane::kBackground);
  auto work = [](Context&) { std::this_thread::sleep_for(milliseconds(1)); };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (stream.completed(Lane::kBackground) == 0 && std::chrono::steady_clock::now() < end) {
    // Never without something to do.
    if (stream.enqueued(Lane::kOrdinary) - stream.completed(Lane::kOrdinary) < 100)
      Enqueue(stream, work);
  }
  Expect(parts == 3, "the background came to its end");
}

// Memory as tensors have it: handed out by the allocator, freed while commands still use it.
struct Storage {
  Block block;
  BackgroundUse background;
  int64_t* data() const { return static_cast<int64_t*>(block.data); }
};

// What a random program computes, in lanes or in one. A thread makes the same choices in both.
class RandomProgram {
 public:
  RandomProgram(uint32_t seed, bool lanes, int threads)
      : random_(seed), lanes_(lanes), stream_(threads) {
    for (Storage& storage : storages_) storage = Allocate();
  }

  std::vector<int64_t> Run(int commands) {
    for (int i = 0; i < commands; ++i) Step();
    for (Storage& storage : storages_) Read(storage);
    stream_.Synchronize();
    for (const Storage& storage : storages_) allocator_.Free(storage.block);
    return *values_;
  }

 private:
  static constexpr size_t kCount = 24;
  static constexpr size_t kBytes = kCount * sizeof(int64_t);

  uint32_t Choose(uint32_t count) { return random_() % count; }
  Storage& Any() { return storages_[Choose(storages_.size())]; }

  Storage Allocate() {
    const uint64_t done =
        lane_ == Lane::kBackground ? Allocator::kAll : stream_.completed(Lane::kBackground);
    Storage made{allocator_.Allocate(
                     kBytes, [this] { stream_.Synchronize(); }, nullptr, done),
                 {}};
    made.background = {made.block.background_use, made.block.background_use};
    Write(made, static_cast<int64_t>(random_() % 1000));
    return made;
  }

  // As the binding does: directly where nothing uses it.
  void Write(Storage& storage, int64_t value) {
    if (!HeldUp(storage, Access::kWrite) && stream_.Idle(Lane::kOrdinary)) {
      for (size_t i = 0; i < kCount; ++i) storage.data()[i] = value;
      return;
    }
    Submit(
        [data = storage.data(), value](Context& context) {
          context.ParallelFor(kCount, [data, value](int64_t i, int) { data[i] = value; });
        },
        {{&storage, Access::kWrite}});
  }

  void Read(Storage& storage) {
    auto copy = [values = values_, data = storage.data()](Context&) {
      for (size_t i = 0; i < kCount; ++i) values->push_back(data[i]);
    };
    Submit(copy, {{&storage, Access::kRead}, {&log_, Access::kWrite}});
  }

  void Step() {
    const bool background = Choose(2) == 0;
    lane_ = lanes_ && background ? Lane::kBackground : Lane::kOrdinary;
    switch (Choose(9)) {
      case 0: {  // freed while commands may use it
        Storage& freed = Any();
        freed.block.background_use = freed.background.any;
        allocator_.Free(freed.block);
        freed = Allocate();
        break;
      }
      case 1:
        Write(Any(), static_cast<int64_t>(random_() % 1000));
        break;
      case 2:
        Read(Any());
        break;
      case 3:  // one lane gets ahead of the other, and the owner of both
        if (Choose(4) == 0) Submit(Slow, {});
        if (Choose(2) == 0) stream_.Wait(Lane::kOrdinary, stream_.enqueued(Lane::kOrdinary));
        break;
      default:
        Combine(Any(), Any(), Any());
    }
  }

  static void Slow(Context& context) {
    for (int part = 0; part < 10; ++part) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      context.GiveWay();
    }
  }

  // c += a * b, in parts, as a replay runs.
  void Combine(Storage& a, Storage& b, Storage& c) {
    auto run = [a = a.data(), b = b.data(), c = c.data()](Context& context) {
      for (size_t part = 0; part < kCount; part += 8) {
        context.ReserveScratch(8);
        context.ParallelFor(8, [=, &context](int64_t i, int worker) {
          const size_t at = part + static_cast<size_t>(i);
          context.Scratch(worker)[0] = static_cast<float>((a[at] * b[at]) % 1009);
          c[at] = (c[at] * 31 + static_cast<int64_t>(context.Scratch(worker)[0])) % 1000003;
        });
        context.GiveWay();
      }
    };
    Submit(run, {{&a, Access::kRead}, {&b, Access::kRead}, {&c, Access::kWrite}});
  }

  struct Operand {
    Storage* storage;
    Access access;
  };

  bool HeldUp(const Storage& storage, Access access) const {
    return storage.background.HoldsUp(access, stream_.completed(Lane::kBackground));
  }

  template <class F>
  void Submit(F function, std::vector<Operand> operands) {
    Lane lane = lane_;
    for (const auto& [storage, access] : operands)
      if (HeldUp(*storage, access)) lane = Lane::kBackground;
    const uint64_t number = Enqueue(stream_, std::move(function), lane);
    if (lane == Lane::kOrdinary) return;
    for (const auto& [storage, access] : operands) storage->background.Note(access, number);
  }

  std::mt19937 random_;
  bool lanes_;
  Lane lane_ = Lane::kOrdinary;
  Allocator allocator_{uint64_t{1} << 20};
  std::array<Storage, 12> storages_;
  Storage log_;  // stands for values_
  std::shared_ptr<std::vector<int64_t>> values_ = std::make_shared<std::vector<int64_t>>();
  Stream stream_;
};

void LanesGiveTheBitsOfOneQueue() {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    const int threads = 1 + static_cast<int>(seed % 3);
    const auto one = RandomProgram(seed, false, threads).Run(1500);
    const auto two = RandomProgram(seed, true, threads).Run(1500);
    Expect(one.size() > 1000 && one == two,
           "program " + std::to_string(seed) + " reads the same values");
  }
}

void AFaultPoisonsBothLanes() {
  for (Lane failing : {Lane::kOrdinary, Lane::kBackground}) {
    Stream stream(2);
    std::string order;
    Gate gate;
    Enqueue(stream, gate.Waiting());
    Enqueue(
        stream, [](Context& context) { context.Fail("failed", 3); }, failing);
    Enqueue(
        stream, [&order](Context&) { order += 'b'; }, Lane::kBackground);
    gate.Open();
    stream.Wait(Lane::kBackground, stream.enqueued(Lane::kBackground));
    Enqueue(stream, [&order](Context&) { order += 'o'; });
    stream.Synchronize();
    Expect(stream.fault() && stream.fault()->site == 3 && order.empty(),
           "what stands behind a fault is skipped in both lanes");
    stream.Reset();
    Enqueue(
        stream, [&order](Context&) { order += 'b'; }, Lane::kBackground);
    Enqueue(stream, [&order](Context&) { order += 'o'; });
    stream.Synchronize();
    Expect(order.size() == 2, "both lanes run after Reset");
  }
}

// A fault between the parts of a background command is not that command's.
void AFaultInBetweenIsNotTheOthers() {
  Stream stream(1);
  std::atomic<bool> began{false}, enqueued{false};
  int parts = 0;
  bool failed = false;
  Enqueue(
      stream,
      [&](Context& context) {
        began = true;
        while (!enqueued) std::this_thread::yield();
        for (; parts < 3 && !failed; ++parts) {
          context.GiveWay();
          failed = context.failed();
        }
      },
      Lane::kBackground);
  while (!began) std::this_thread::yield();
  Enqueue(stream, [](Context& context) { context.Fail("in between", 5); });
  enqueued = true;
  stream.Synchronize();
  Expect(parts == 3 && !failed, "a command that is under way runs to its end");
  Expect(stream.fault() && stream.fault()->site == 5, "and the stream is poisoned");
}

void BothLanesEnd() {
  for (int round = 0; round < 60; ++round) {
    auto held = std::make_shared<int>(round);
    {
      Stream stream(1 + round % 3);
      for (int i = 0; i < round % 7 * 10; ++i) {
        auto run = [held](Context& context) {
          for (int part = 0; part < 3 && !context.interrupted(); ++part) {
            context.ParallelFor(4, [](int64_t, int) {});
            context.GiveWay();
          }
        };
        Enqueue(stream, run, i % 3 == 0 ? Lane::kOrdinary : Lane::kBackground);
      }
      if (round % 4 == 0) stream.Synchronize();
      if (round % 4 == 1) stream.Abandon({"abandoned"});
      Expect(round % 4 > 1 || stream.Idle(), "nothing is left in either lane");
    }
    Expect(held.use_count() == 1, "an ended stream holds no command");
  }
}

void EachLaneHoldsBackItsOwner() {
  Stream stream(1);
  std::atomic<int64_t> ran{0};
  const auto count = static_cast<int64_t>(Stream::kMaxPending) + 100;
  for (int64_t i = 0; i < count; ++i) {
    for (Lane lane : {Lane::kBackground, Lane::kOrdinary})
      Enqueue(
          stream, [&ran](Context&) { ++ran; }, lane);
  }
  stream.Synchronize();
  Expect(ran == 2 * count, "all commands of both lanes ran");
}

constexpr Test kTests[] = {
    {"ordinary work goes before the background", OrdinaryWorkGoesFirst},
    {"ordinary work goes between the parts of a background command",
     OrdinaryWorkGoesBetweenTheParts},
    {"the background waits for what was ordinary before", TheBackgroundWaitsForWhatWasBefore},
    {"ordinary work without end leaves the background a share", OrdinaryWorkWithoutEndLeavesAShare},
    {"two lanes give the bits of one queue", LanesGiveTheBitsOfOneQueue},
    {"a fault poisons both lanes", AFaultPoisonsBothLanes},
    {"a fault in between is not the other command's", AFaultInBetweenIsNotTheOthers},
    {"both lanes end with their stream", BothLanesEnd},
    {"each lane holds back its owner", EachLaneHoldsBackItsOwner},
};

}  // namespace

std::span<const Test> LaneTests() { return kTests; }

}  // namespace vitrine
