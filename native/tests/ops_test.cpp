// All ops, with arguments drawn at random: what AddressSanitizer and ThreadSanitizer look at.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/all_ops.h"
#include "runtime/cpu.h"
#include "runtime/stream.h"
#include "tests/harness.h"
#include "tests/op_arguments.h"
#include "tests/op_arrangement.h"

namespace vitrine {
namespace {

// An op whose operands hold what it needs and no more; null where these arguments make none.
template <class Op>
std::shared_ptr<Command> DrawOp(OpArguments& arguments, bool arranged) {
  const auto command = std::make_shared<ops::OpCommand<Op>>();
  Op& op = command->op();
  op.Fields(arguments);
  if (arranged) Arrange(op, arguments);
  if (!op.Valid()) return nullptr;
  arguments.Fit(op);
  Expect(op.Valid(), std::string(Op::kName) + " takes as much as it needs");
  return command;
}

struct Drawable {
  std::string name;
  std::shared_ptr<Command> (*draw)(OpArguments& arguments, bool arranged);
};

// All ops but the one that does nothing but take time.
template <class... Op>
std::vector<Drawable> Listed(ops::OpList<Op...>) {
  std::vector<Drawable> all = {{Op::kName, &DrawOp<Op>}...};
  std::erase_if(all, [](const Drawable& op) { return op.name == ops::PeakFma::kName; });
  return all;
}

constexpr int64_t kHuge[] = {int64_t{1} << 31, int64_t{1} << 32, (int64_t{1} << 32) + 1,
                             int64_t{1} << 62, INT64_MAX};

void OpsRefuseWhatTheirOperandsDoNotHold() {
  for (const Drawable& op : Listed(ops::AllOps())) {
    if (op.name == ops::GuardFinite::kName) continue;  // it has no sizes
    for (const int64_t size : {kHuge[0], kHuge[1], kHuge[2], kHuge[3], kHuge[4], int64_t{-1}}) {
      for (uint32_t seed = 1; seed <= 8; ++seed) {
        OpArguments arguments(seed, {size}, 64);
        Expect(!op.draw(arguments, false), op.name + " refuses sizes of " + std::to_string(size));
      }
    }
  }
}

// Zeros beside sizes that no loop comes to the end of; a product that overflows and is taken for a
// small number would be read past the operands' ends.
void OpsStayWithinTheirOperandsAndInTime() {
  std::vector<int64_t> sizes = {0, 0, 0, 1, 1, 1, 2, 2, 3, 5, -1};
  sizes.insert(sizes.end(), std::begin(kHuge), std::end(kHuge));
  Stream stream(1);  // as results may overlap
  for (const Drawable& op : Listed(ops::AllOps())) {
    for (uint32_t seed = 1; seed <= 3000; ++seed) {
      OpArguments arguments(seed, sizes, 256);
      const auto command = op.draw(arguments, seed % 2 == 0);
      if (!command) continue;
      arguments.Fill();
      stream.Enqueue(command);
      stream.Synchronize();
      if (const auto fault = stream.fault()) {
        const bool of_values = fault->message.find("but received") != std::string::npos;
        Expect(of_values, op.name + ", draw " + std::to_string(seed) + ": " + fault->message);
        stream.Reset();
      }
    }
  }
}

// What an op leaves in its operands.
std::optional<std::vector<std::byte>> ResultsOf(const Drawable& op, uint32_t seed, Stream& stream) {
  const std::vector<int64_t> sizes = {1, 1, 2, 3, 4, 7, 8, 16, 33, 64, 197};
  OpArguments arguments(seed, sizes, 256 * 1024);
  const auto command = op.draw(arguments, true);
  if (!command) return std::nullopt;
  arguments.Fill();
  stream.Enqueue(command);
  stream.Synchronize();
  if (!stream.fault()) return arguments.Memory();
  stream.Reset();
  return std::nullopt;
}

void OpsLeaveTheSameBitsOnAnyNumberOfThreads() {
  constexpr int kRuns = 6;  // of each op
  Stream one(1), two(2), three(3), four(4);
  for (const Drawable& op : Listed(ops::AllOps())) {
    int runs = 0;
    for (uint32_t seed = 1; runs < kRuns && seed <= 2000; ++seed) {
      const auto single = ResultsOf(op, seed, one);
      if (!single) continue;
      ++runs;
      int threads = 1;
      for (Stream* stream : {&two, &three, &four}) {
        ++threads;
        Expect(ResultsOf(op, seed, *stream) == single, op.name + ", draw " + std::to_string(seed) +
                                                           ", on " + std::to_string(threads) +
                                                           " threads as on one");
      }
    }
    Expect(runs > 0, "there are arguments for " + op.name);
  }
}

constexpr Test kTests[] = {
    {"ops refuse what their operands do not hold", OpsRefuseWhatTheirOperandsDoNotHold},
    {"ops stay within their operands, and in time", OpsStayWithinTheirOperandsAndInTime},
    {"ops leave the same bits on any number of threads", OpsLeaveTheSameBitsOnAnyNumberOfThreads},
};

}  // namespace

std::span<const Test> OpsTests() { return kTests; }

}  // namespace vitrine
