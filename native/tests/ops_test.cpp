// All ops, with arguments drawn at random: what AddressSanitizer and ThreadSanitizer look at.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ops/all_ops.h"
#include "runtime/stream.h"
#include "tests/harness.h"
#include "tests/op_arguments.h"

namespace vitrine {
namespace {

template <class Op>
class RunOp final : public Command {
 public:
  explicit RunOp(Op op) : op_(std::move(op)) {}
  const char* name() const override { return Op::kName; }
  void Run(Context& context) override { op_.Run(context); }

 private:
  Op op_;
};

template <class Op>
struct Type {
  using type = Op;
};

// body(Type<Op>()) for each op; not for the one that does nothing but take time.
template <class Body, class... Op>
void ForEachOp(ops::OpList<Op...>, const Body& body) {
  const auto one = [&]<class Each>(Type<Each> type) {
    if constexpr (!std::is_same_v<Each, ops::PeakFma>) body(type);
  };
  (one(Type<Op>()), ...);
}

template <class Op>
std::optional<Op> DrawOp(OpArguments& arguments) {
  Op op{};
  op.Fields(arguments);
  // Which runs on no CPU without it.
  if constexpr (requires { op.bf16; }) op.bf16 = false;
  return op.Valid() ? std::optional<Op>(std::move(op)) : std::nullopt;
}

// Arguments that go together more often than by chance: heads and matrices side by side, as those
// that overlap are their caller's affair, small windows, whole images.
template <class Op>
void Arrange(Op& op) {
  if constexpr (requires { op.layout_y; }) {
    const auto side_by_side = [&](int64_t tokens) {
      return Dims{4, {0, op.heads * tokens * op.width, tokens * op.width, op.width}};
    };
    op.layout_y = op.layout_q = side_by_side(op.queries);
    op.layout_k = op.layout_v = side_by_side(op.keys);
  }
  if constexpr (requires { op.stride_c; }) {
    op.stride_a = op.m * op.k;
    op.stride_b = op.k * op.n;
    op.stride_c = op.m * op.n;
  }
  if constexpr (requires { op.window.dilation; }) {
    for (int axis = 0; axis < 2; ++axis) {
      op.window.kernel[axis] = 1 + op.window.kernel[axis] % 4;
      op.window.dilation[axis] = 1 + op.window.dilation[axis] % 2;
      op.window.padding[axis] %= 3;
      op.window.stride[axis] = 1 + op.window.stride[axis] % 4;
    }
  }
  if constexpr (requires { op.kept.height; }) {
    op.channels = 1 + op.channels % 4;
    op.window = {0, 0, op.height, op.width};
    op.kept = {0, 0, op.out_height, op.out_width};
  }
  if constexpr (requires { op.x_channels; }) {
    op.index = op.top = op.left = 0;
    op.channels = op.x_channels = 3;
    op.offset = op.divisor = op.fill = {0.5f, 0.5f, 0.5f};
  }
  if constexpr (requires { op.program; }) {
    op.channels = 3;
    op.offset = op.divisor = op.fill = {0.5f, 0.5f, 0.5f};
    op.program.clear();
    // 5 x 7 pixels to 8 x 9, whole, bilinear, at the canvas's corner; neither augmented nor erased.
    for (size_t i = 0; i < op.x.size(); ++i) {
      for (const double number : {0, 5, 7, 3, 0, 0, 5, 7, 8, 9, 0, 0, 8, 9, 2, 1, 0, 0, 0, 0})
        op.program.push_back(number);
    }
  }
  if constexpr (requires { op.inputs.members; }) {
    // One parameter, of one group.
    op.parameters.resize(1);
    op.counts.resize(1);
    if constexpr (requires { op.momentum; }) op.momentum.resize(1);
    if constexpr (requires { op.first_moments; }) op.first_moments.resize(1);
    if constexpr (requires { op.second_moments; }) op.second_moments.resize(1);
    op.inputs.gradients.resize(1);
    op.inputs.learning_rate_scales.resize(1);
    op.inputs.weight_decays.resize(1);
    op.inputs.members = op.inputs.groups = {0};
  }
  if constexpr (requires { op.boxes; }) {
    op.count = static_cast<int64_t>(op.weight.size());
    op.boxes.assign(4 * op.weight.size(), 0);
  }
}

constexpr int64_t kHuge[] = {int64_t{1} << 31, int64_t{1} << 32, (int64_t{1} << 32) + 1,
                             int64_t{1} << 62, INT64_MAX};

void OpsRefuseWhatTheirOperandsDoNotHold() {
  ForEachOp(ops::AllOps(), [](auto type) {
    using Op = typename decltype(type)::type;
    for (const int64_t size : {kHuge[0], kHuge[1], kHuge[2], kHuge[3], kHuge[4], int64_t{-1}}) {
      for (uint32_t seed = 1; seed <= 8; ++seed) {
        OpArguments arguments(seed, {size}, 64);
        Expect(!DrawOp<Op>(arguments),
               std::string(Op::kName) + " refuses sizes of " + std::to_string(size));
      }
    }
  });
}

// Zeros beside sizes that no loop comes to the end of; a product that overflows and is taken for a
// small number would be read past the operands' ends.
void OpsStayWithinTheirOperandsAndInTime() {
  std::vector<int64_t> sizes = {0, 0, 0, 1, 1, 1, 2, 2, 3, 5, -1};
  sizes.insert(sizes.end(), std::begin(kHuge), std::end(kHuge));
  Stream stream(1);  // as results may overlap
  ForEachOp(ops::AllOps(), [&](auto type) {
    using Op = typename decltype(type)::type;
    for (uint32_t seed = 1; seed <= 3000; ++seed) {
      OpArguments arguments(seed, sizes, 256);
      std::optional<Op> op = DrawOp<Op>(arguments);
      if (!op) continue;
      arguments.FillFloats();
      stream.Enqueue(std::make_shared<RunOp<Op>>(*std::move(op)));
      stream.Synchronize();
      if (const auto fault = stream.fault()) {
        const bool of_values = fault->message.find("but received") != std::string::npos;
        Expect(of_values,
               std::string(Op::kName) + ", draw " + std::to_string(seed) + ": " + fault->message);
        stream.Reset();
      }
    }
  });
}

// What an op leaves in its operands, run on so many threads.
template <class Op>
std::optional<std::vector<std::vector<std::byte>>> ResultsOf(uint32_t seed, int threads) {
  const std::vector<int64_t> sizes = {1, 1, 2, 3, 4, 7, 8, 16, 33, 64, 197};
  OpArguments arguments(seed, sizes, 256 * 1024);
  Op op{};
  op.Fields(arguments);
  if constexpr (requires { op.bf16; }) op.bf16 = false;
  Arrange(op);
  if (!op.Valid()) return std::nullopt;
  arguments.FillFloats();
  Stream stream(threads);
  stream.Enqueue(std::make_shared<RunOp<Op>>(std::move(op)));
  stream.Synchronize();
  if (stream.fault()) return std::nullopt;
  return std::vector(arguments.memory().begin(), arguments.memory().end());
}

void OpsLeaveTheSameBitsOnAnyNumberOfThreads() {
  constexpr int kRuns = 6;  // of each op
  ForEachOp(ops::AllOps(), [](auto type) {
    using Op = typename decltype(type)::type;
    int runs = 0;
    for (uint32_t seed = 1; runs < kRuns && seed <= 2000; ++seed) {
      const auto single = ResultsOf<Op>(seed, 1);
      if (!single) continue;
      ++runs;
      for (int threads = 2; threads <= 4; ++threads) {
        Expect(ResultsOf<Op>(seed, threads) == single,
               std::string(Op::kName) + ", draw " + std::to_string(seed) + ", on " +
                   std::to_string(threads) + " threads as on one");
      }
    }
    Expect(runs > 0, std::string("there are arguments for ") + Op::kName);
  });
}

constexpr Test kTests[] = {
    {"ops refuse what their operands do not hold", OpsRefuseWhatTheirOperandsDoNotHold},
    {"ops stay within their operands, and in time", OpsStayWithinTheirOperandsAndInTime},
    {"ops leave the same bits on any number of threads", OpsLeaveTheSameBitsOnAnyNumberOfThreads},
};

}  // namespace

std::span<const Test> OpsTests() { return kTests; }

}  // namespace vitrine
