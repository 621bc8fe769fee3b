#pragma once

#include <cstdint>
#include <utility>

#include "runtime/command.h"
#include "runtime/context.h"
#include "runtime/operand.h"

// The members that a call hands over, in its order: outputs, then inputs, then sizes and the like.
// One that is a struct hands over what it lists itself. `f` takes them all, whatever it does with
// them; scripts/generate reads this line, too.
#define FIELDS(...)   \
  template <class F>  \
  void Fields(F& f) { \
    f(__VA_ARGS__);   \
  }                   \
  static_assert(true, "")  // takes the semicolon

// Makes a struct an op: what JavaScript calls it, and its fields. Beside this it has Valid(), which
// says whether its operands hold the sizes given.
#define OP(name, ...)                        \
  static constexpr const char* kName = name; \
  FIELDS(__VA_ARGS__);                       \
  void Run(Context& context)

namespace vitrine::ops {

// An op with its arguments, as a record on the stream.
template <class Op>
class OpCommand final : public Command {
 public:
  OpCommand() = default;
  explicit OpCommand(Op op) : op_(std::move(op)) {}
  const char* name() const override { return Op::kName; }
  void Run(Context& context) override { op_.Run(context); }
  Op& op() { return op_; }

 private:
  Op op_{};
};

}  // namespace vitrine::ops
